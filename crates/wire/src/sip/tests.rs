//! The listener on real sockets of the loopback interface; every port is a free one.

use super::*;
use crate::bell::Bell;
use crossbeam_channel::{Receiver, bounded};
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    time::Duration,
};
use tokio::runtime::Runtime;

/// Far longer than anything here takes; only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(20);

struct Site {
    handle: Handle,
    inbound: Receiver<Inbound>,
    _runtime: Runtime,
}

fn any_port() -> SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

fn site(change: impl FnOnce(&mut Config)) -> Site {
    site_with_queue(1_024, change)
}

fn site_with_queue(length: usize, change: impl FnOnce(&mut Config)) -> Site {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut config = Config {
        udp: Some(any_port()),
        tcp: Some(any_port()),
        tls: None,
        external_address: None,
        limits: StreamLimits::default(),
        runtime: runtime.handle().clone(),
        bell: Bell::default(),
    };
    change(&mut config);
    let (sender, inbound) = bounded(length);
    Site { handle: Listener::start(config, sender).unwrap(), inbound, _runtime: runtime }
}

impl Site {
    fn messages(&self, count: usize) -> Vec<(Flow, Bytes)> {
        let mut messages = Vec::new();
        while messages.len() < count {
            match self.inbound.recv_timeout(PATIENCE).expect("a message in time") {
                Inbound::Messages(batch) => messages.extend(batch),
                Inbound::Closed(flow) => panic!("closed {flow:?} after {} messages", messages.len()),
            }
        }
        messages
    }

    fn closed(&self) -> Flow {
        match self.inbound.recv_timeout(PATIENCE).expect("a report in time") {
            Inbound::Closed(flow) => flow,
            Inbound::Messages(batch) => panic!("messages instead of an end: {batch:?}"),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.handle.bound(Transport::Tcp).unwrap()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }
}

fn message(method: &str, body: &str) -> String {
    format!("{method} sip:600@127.0.0.1 SIP/2.0\r\nCall-ID: {method}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

#[test]
fn datagrams_arrive_in_order_with_their_flow() {
    let site = site(|_| {});
    let to = site.handle.bound(Transport::Udp).unwrap();
    let phone = UdpSocket::bind(any_port()).unwrap();
    for number in 0..500u32 {
        phone.send_to(&number.to_be_bytes(), to).unwrap();
    }
    let received = site.messages(500);
    for (number, (flow, bytes)) in received.iter().enumerate() {
        assert_eq!(bytes[..], (number as u32).to_be_bytes());
        let expected =
            Flow { transport: Transport::Udp, local: to, remote: phone.local_addr().unwrap(), connection: 0 };
        assert_eq!(*flow, expected);
    }
    assert_eq!(site.handle.statistics().received, 500);
}

#[test]
fn the_largest_datagram_arrives_whole() {
    let site = site(|_| {});
    let phone = UdpSocket::bind(any_port()).unwrap();
    let large = vec![b'x'; 65_507];
    phone.send_to(&large, site.handle.bound(Transport::Udp).unwrap()).unwrap();
    assert_eq!(site.messages(1)[0].1, large);
}

#[test]
fn an_answer_goes_back_to_the_phone_that_asked() {
    let site = site(|_| {});
    let phone = UdpSocket::bind(any_port()).unwrap();
    phone.set_read_timeout(Some(PATIENCE)).unwrap();
    phone.send_to(b"ask", site.handle.bound(Transport::Udp).unwrap()).unwrap();
    let (flow, _) = site.messages(1).remove(0);
    site.handle.send(&flow, Bytes::from_static(b"answer"));
    let mut buffer = [0; 64];
    let (length, from) = phone.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from), (&b"answer"[..], flow.local));
    assert_eq!(site.handle.statistics().sent, 1);
}

#[test]
fn a_socket_on_every_address_knows_which_one_was_called() {
    let site = site(|config| config.udp = Some(([0, 0, 0, 0], 0).into()));
    let port = site.handle.bound(Transport::Udp).unwrap().port();
    let called = SocketAddr::from(([127, 0, 0, 7], port));
    let phone = UdpSocket::bind(any_port()).unwrap();
    phone.set_read_timeout(Some(PATIENCE)).unwrap();
    phone.send_to(b"hello", called).unwrap();
    let flow = site.messages(1)[0].0;
    assert_eq!(flow.local, called);
    site.handle.send(&flow, Bytes::from_static(b"answer"));
    let (_, from) = phone.recv_from(&mut [0; 64]).unwrap();
    assert_eq!(from, called, "the answer comes from the address that was called");

    let no_longer_ours = Flow { local: SocketAddr::from(([192, 0, 2, 1], port)), ..flow };
    site.handle.send(&no_longer_ours, Bytes::from_static(b"answer"));
    phone.recv_from(&mut [0; 64]).unwrap();
    let out = site.handle.flow_to(Transport::Udp, ([127, 0, 0, 1], 5_060).into()).unwrap();
    assert_eq!(out.local, SocketAddr::from(([127, 0, 0, 1], port)));
}

#[test]
fn the_external_address_is_shown_to_everybody_but_loopback() {
    let outside: IpAddr = [203, 0, 113, 9].into();
    let site = site(|config| config.external_address = Some(outside));
    let towards = |ip: [u8; 4]| site.handle.flow_to(Transport::Udp, (ip, 5_060).into()).unwrap().local.ip();
    assert_eq!(towards([198, 51, 100, 4]), outside);
    assert!(towards([127, 0, 0, 1]).is_loopback());
}

#[test]
fn a_full_exchange_loses_datagrams_only_with_a_count() {
    let site = site_with_queue(1, |_| {});
    let to = site.handle.bound(Transport::Udp).unwrap();
    let phone = UdpSocket::bind(any_port()).unwrap();
    let sent = 300;
    let mut held = 0;
    while site.handle.statistics().queue_drops == 0 {
        for _ in 0..sent {
            phone.send_to(b"x", to).unwrap();
        }
        held += sent;
        assert!(held < 30_000_000, "the queue of one batch never filled");
    }
    assert!(site.handle.statistics().queue_drops > 0);
}

#[test]
fn the_receive_buffer_granted_is_told() {
    let site = site(|_| {});
    assert!(site.handle.statistics().receive_buffer_bytes >= 200 * 1_024);
}

#[test]
fn messages_are_cut_from_a_stream_wherever_the_reads_end() {
    let site = site(|_| {});
    let mut phone = site.connect();
    let whole = [message("INVITE", "v=0"), "\r\n\r\n".into(), message("ACK", ""), message("BYE", "")].concat();
    for byte in whole.as_bytes().chunks(7) {
        phone.write_all(byte).unwrap();
    }
    let received = site.messages(3);
    let texts: Vec<_> = received.iter().map(|(_, bytes)| String::from_utf8_lossy(bytes).into_owned()).collect();
    assert_eq!(texts, [message("INVITE", "v=0"), message("ACK", ""), message("BYE", "")]);
    let flow = received[0].0;
    assert_eq!((flow.transport, flow.remote), (Transport::Tcp, phone.local_addr().unwrap()));
    assert_ne!(flow.connection, 0);

    site.handle.send(&flow, Bytes::from_static(b"SIP/2.0 200 OK\r\n\r\n"));
    let mut answer = [0; 20];
    phone.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"\r\nSIP/2.0 200 OK\r\n\r\n", "the keep-alive's answer, then ours");
    drop(phone);
    assert_eq!(site.closed(), flow);
}

#[test]
fn a_keep_alive_is_answered() {
    let site = site(|_| {});
    let mut phone = site.connect();
    phone.write_all(b"\r\n\r\n").unwrap();
    let mut pong = [0; 2];
    phone.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\r\n");
}

/// Reads until the far end closes.
fn read_to_close(mut stream: TcpStream) {
    let mut buffer = [0; 1_024];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return,
            Err(error) => panic!("not closed: {error}"),
        }
    }
}

#[test]
fn a_silent_stream_is_closed() {
    let site = site(|config| config.limits.first_byte = Duration::from_millis(50));
    let phone = site.connect();
    read_to_close(phone);
    site.closed();
    assert_eq!(site.handle.statistics().cut_off, 1);
}

#[test]
fn a_stream_that_drips_a_message_is_closed_although_bytes_keep_coming() {
    let site = site(|config| config.limits.message = Duration::from_millis(150));
    let mut phone = site.connect();
    phone.write_all(b"INVITE sip:600@127.0.0.1 SIP/2.0\r\nSubject: ").unwrap();
    phone.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    let mut drips = 0;
    while phone.write_all(b"x").is_ok() {
        drips += 1;
        assert!(drips < 1_000, "still open after {drips} drips");
        let closed = matches!(phone.read(&mut [0; 1]), Ok(0));
        if closed {
            break;
        }
    }
    site.closed();
    assert_eq!(site.handle.statistics().cut_off, 1);
}

#[test]
fn an_oversized_message_closes_its_stream() {
    let site = site(|_| {});
    let mut phone = site.connect();
    let huge = format!("INVITE sip:6@h SIP/2.0\r\nContent-Length: {}\r\n\r\n", 10_000_000);
    phone.write_all(huge.as_bytes()).unwrap();
    read_to_close(phone);
    site.closed();
    assert_eq!(site.handle.statistics().cut_off, 1);
}

#[test]
fn a_silent_stream_does_not_keep_others_out() {
    let site = site(|_| {});
    let _silent: Vec<_> = (0..50).map(|_| site.connect()).collect();
    let mut phone = site.connect();
    phone.write_all(message("OPTIONS", "").as_bytes()).unwrap();
    assert_eq!(site.messages(1)[0].1, message("OPTIONS", ""));
}

#[test]
fn an_unopened_flow_connects_once_and_is_used_both_ways() {
    let site = site(|_| {});
    let trunk = TcpListener::bind(any_port()).unwrap();
    let flow = site.handle.flow_to(Transport::Tcp, trunk.local_addr().unwrap()).unwrap();
    site.handle.send(&flow, Bytes::from_static(b"one"));
    site.handle.send(&flow, Bytes::from_static(b"two"));
    let (mut stream, _) = trunk.accept().unwrap();
    let mut both = [0; 6];
    stream.read_exact(&mut both).unwrap();
    assert_eq!(&both, b"onetwo");
    stream.write_all(message("OPTIONS", "").as_bytes()).unwrap();
    let (arrived, _) = site.messages(1).remove(0);
    assert_eq!(arrived, Flow { connection: arrived.connection, ..flow });
    assert_ne!(arrived.connection, 0);
}

#[test]
fn a_far_end_that_refuses_is_reported() {
    let site = site(|_| {});
    let nobody = TcpListener::bind(any_port()).unwrap().local_addr().unwrap();
    let flow = site.handle.flow_to(Transport::Tcp, nobody).unwrap();
    site.handle.send(&flow, Bytes::from_static(b"hello"));
    assert_eq!(site.closed(), flow);
    assert_eq!(site.handle.statistics().stream_unsent, 1);
}

#[test]
fn a_stream_that_cannot_be_opened_is_reported() {
    let (server, _) = certificate();
    let site = site(|config| config.tls = Some((any_port(), Arc::new(server))));
    let flow = site.handle.flow_to(Transport::Tls, ([127, 0, 0, 1], 5_061).into()).unwrap();
    site.handle.send(&flow, Bytes::from_static(b"hello"));
    assert_eq!(site.closed(), flow);
}

#[test]
fn a_taken_address_is_named_in_the_error() {
    let first = site(|_| {});
    let taken = first.handle.bound(Transport::Udp).unwrap();
    let config = Config {
        udp: Some(taken),
        tcp: None,
        tls: None,
        external_address: None,
        limits: StreamLimits::default(),
        runtime: first._runtime.handle().clone(),
        bell: Bell::default(),
    };
    let error = Listener::start(config, bounded(1).0).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    assert!(error.to_string().contains(&taken.to_string()));
}

/// Named, since a test's other dependencies may bring a second provider into the process.
fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

fn certificate() -> (rustls::ServerConfig, rustls::RootCertStore) {
    let certified = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(certified.signing_key.serialize_der()).unwrap();
    let server = rustls::ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certified.cert.der().clone()).unwrap();
    (server, roots)
}

#[test]
fn a_phone_talks_under_tls() {
    let (server, roots) = certificate();
    let site = site(|config| config.tls = Some((any_port(), Arc::new(server))));
    let client = rustls::ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let session = rustls::ClientConnection::new(Arc::new(client), "localhost".try_into().unwrap()).unwrap();
    let socket = TcpStream::connect(site.handle.bound(Transport::Tls).unwrap()).unwrap();
    let mut phone = rustls::StreamOwned::new(session, socket);
    phone.write_all(message("OPTIONS", "").as_bytes()).unwrap();
    let (flow, bytes) = site.messages(1).remove(0);
    assert_eq!((flow.transport, bytes), (Transport::Tls, Bytes::from(message("OPTIONS", ""))));
    site.handle.send(&flow, Bytes::from_static(b"pong"));
    let mut answer = [0; 4];
    phone.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"pong");
}

#[test]
fn a_tls_handshake_that_never_comes_closes_the_stream() {
    let (server, _) = certificate();
    let site = site(|config| {
        config.tls = Some((any_port(), Arc::new(server)));
        config.limits.first_byte = Duration::from_millis(50);
    });
    read_to_close(TcpStream::connect(site.handle.bound(Transport::Tls).unwrap()).unwrap());
    site.closed();
    assert_eq!(site.handle.statistics().cut_off, 1);
}
