//! Takes connections, with TLS or without, bounds what each may cost, and hands its requests to the router.

use crate::{
    Config, State, plain, router,
    stall::Stalling,
    state::ended,
    visitors::{Visitor, Visitors},
};
use axum::{Router, extract::Request};
use hyper::{body::Incoming, server::conn::http1};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{future::Future, io, pin::pin, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tower::ServiceExt;

/// A client has this long for its TLS handshake, and again for the head of each request (security.md: slowloris).
pub const HEAD_DEADLINE: Duration = Duration::from_secs(10);
/// Longest head of a request: cookies and a list's filters fit many times.
const HEAD_BYTES_MAX: usize = 32 * 1024;
/// Requests in progress have this long to end when the server stops.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// A stranger who made room for another may be told the rest of an answer for this long.
const GOODBYE: Duration = Duration::from_secs(2);
/// Every TLS connection begins with this byte (RFC 8446 section 5.1, *handshake*), no HTTP request does.
const TLS_HANDSHAKE: u8 = 22;
/// After a failed accept (no file descriptors left) the next is tried this much later, not in a hot loop.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

struct Door {
    router: Router,
    /// Answers plain HTTP on an HTTPS port.
    plain: Router,
    tls: Option<TlsAcceptor>,
    visitors: Visitors,
    head_deadline: Duration,
}

/// Serves until `stop` resolves, then lets requests in progress end (10 s at most).
pub async fn serve(config: Config, listeners: Vec<TcpListener>, state: State, stop: impl Future<Output = ()> + Send) {
    let tls = config.tls.as_ref().map(|tls| TlsAcceptor::from(tls.0.clone()));
    let (closing, closed) = watch::channel(false);
    let live = state.live.clone();
    let router = router::router(config, state, closed);
    let door =
        Door { router, plain: plain::router(), tls, visitors: Visitors::default(), head_deadline: HEAD_DEADLINE };
    tokio::select! {
        () = open(Arc::new(door), listeners, closing, stop) => {}
        () = live.run() => unreachable!("the hub is held here, so it is never over"),
    }
}

/// What a connection has of the server's end: when it comes, and a sign that the connection still lives.
#[derive(Clone)]
struct Closing {
    closed: watch::Receiver<bool>,
    _alive: mpsc::Sender<()>,
}

async fn open(
    door: Arc<Door>,
    listeners: Vec<TcpListener>,
    closing: watch::Sender<bool>,
    stop: impl Future<Output = ()> + Send,
) {
    let (alive, mut all_gone) = mpsc::channel(1);
    let mut accepting = JoinSet::new();
    for listener in listeners {
        let closing = Closing { closed: closing.subscribe(), _alive: alive.clone() };
        accepting.spawn(accept(door.clone(), listener, closing));
    }
    drop(alive);
    stop.await;
    accepting.shutdown().await;
    closing.send_replace(true);
    if tokio::time::timeout(DRAIN_MAX, all_gone.recv()).await.is_err() {
        tracing::warn!(drain_s = DRAIN_MAX.as_secs(), "requests were cut off at shutdown");
    }
}

async fn accept(door: Arc<Door>, listener: TcpListener, closing: Closing) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Too many strangers: closed without a word, which costs us least.
                let Some(visitor) = door.visitors.enter(peer) else { continue };
                tokio::spawn(connection(door.clone(), stream, visitor, closing.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "no connection could be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(door: Arc<Door>, stream: TcpStream, visitor: Visitor, closing: Closing) {
    // Answers and facts are small and awaited by people: sent at once.
    let _ = stream.set_nodelay(true);
    let Some(tls) = door.tls.clone() else {
        return requests(&door, &door.router, stream, visitor, closing).await;
    };
    let greeting = tokio::select! {
        greeting = timeout(door.head_deadline, greet(tls, stream)) => greeting,
        () = visitor.displaced() => return,
    };
    match greeting {
        Ok(Ok(Greeting::Tls(stream))) => requests(&door, &door.router, *stream, visitor, closing).await,
        Ok(Ok(Greeting::Plain(stream))) => requests(&door, &door.plain, stream, visitor, closing).await,
        Ok(Err(error)) => tracing::debug!(%error, "no TLS came about"),
        Err(_) => {}
    }
}

/// How a client began.
enum Greeting {
    Tls(Box<TlsStream<TcpStream>>),
    Plain(TcpStream),
}

/// Waits for the first byte and, if it is that of TLS, for the handshake.
async fn greet(tls: TlsAcceptor, stream: TcpStream) -> io::Result<Greeting> {
    let mut first = [0];
    if stream.peek(&mut first).await? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    match first {
        [TLS_HANDSHAKE] => Ok(Greeting::Tls(Box::new(tls.accept(stream).await?))),
        _ => Ok(Greeting::Plain(stream)),
    }
}

async fn requests<Io>(door: &Door, router: &Router, io: Io, visitor: Visitor, mut closing: Closing)
where
    Io: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (router, who) = (router.clone(), visitor.clone());
    let service = hyper::service::service_fn(move |mut request: hyper::Request<Incoming>| {
        who.asks();
        request.extensions_mut().insert(who.clone());
        router.clone().oneshot(request.map(axum::body::Body::new) as Request)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.head_deadline)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(Stalling::new(io)), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = ended(&mut closing.closed) => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = visitor.displaced() => {
            // Who never asked anything has no answer coming, and hyper would wait for the head.
            if !visitor.has_asked() {
                return;
            }
            connection.as_mut().graceful_shutdown();
            timeout(GOODBYE, connection).await.unwrap_or(Ok(()))
        }
    };
    // How a client broke off is its own affair.
    if let Err(error) = outcome {
        tracing::debug!(%error, "connection broken");
    }
}
