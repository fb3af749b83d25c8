//! `strowger doctor`: what of this machine would hurt calls, and the remedy.

use crate::{config::Config, say};
use std::{
    fs,
    io::{self, ErrorKind},
    net::{TcpListener, UdpSocket},
    path::Path,
    process::ExitCode,
};

/// Two sockets a leg, two legs a call, and the rest of the process.
const FILES_WANTED: u64 = 65_536;
/// The SIP receive buffer that rides out a stall (with 208 KiB, 14–58 % of messages were sent twice at 600–2,000 calls/s).
const RECEIVE_BUFFER_WANTED: u64 = 4 << 20;
/// Free room on the data volume below which an operator should act.
const FREE_BYTES_WANTED: u64 = 1 << 30;

struct Finding {
    good: bool,
    what: String,
    remedy: &'static str,
}

/// Prints every finding; fails when one is bad.
pub fn run(config: &Config) -> ExitCode {
    let running = store::journal::is_in_use(&config.data.join("journal"));
    let port =
        |name, address: std::net::SocketAddr, bound: io::Result<()>| port(name, &address.to_string(), bound, running);
    let mut findings = vec![
        port("HTTP", config.http.bind, TcpListener::bind(config.http.bind).map(drop)),
        port("SIP UDP", config.sip.udp, UdpSocket::bind(config.sip.udp).map(drop)),
        port("SIP TCP", config.sip.tcp, TcpListener::bind(config.sip.tcp).map(drop)),
        media_ports(config),
        files(),
        receive_buffer(),
        drops(),
        clock(),
    ];
    for folder in [&config.data, &config.recordings] {
        findings.extend([writable(folder), disk(folder)]);
    }
    for finding in &findings {
        say(&format!("{} {}", if finding.good { "ok  " } else { "BAD " }, finding.what));
        if !finding.good {
            say(&format!("     remedy: {}", finding.remedy));
        }
    }
    if findings.iter().all(|f| f.good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn port(name: &str, address: &str, bound: io::Result<()>, running: bool) -> Finding {
    let ours = running && bound.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
    let what = match &bound {
        Ok(()) => format!("{name} {address} is free"),
        Err(_) if ours => format!("{name} {address} is in use, and a strowger runs on this data folder"),
        Err(error) => format!("{name} {address} cannot be used: {error}"),
    };
    let remedy = "stop what uses the port (`ss -lntup` shows it), or choose another in the configuration";
    Finding { good: bound.is_ok() || ours, what, remedy }
}

fn media_ports(config: &Config) -> Finding {
    let (first, last) = config.media.ports;
    let kernel = |name: &str| fs::read_to_string(format!("/proc/sys/net/ipv4/{name}")).unwrap_or_default();
    let range = kernel("ip_local_port_range");
    let mut bounds = range.split_whitespace().filter_map(|n| n.parse::<u16>().ok());
    let (low, high) = (bounds.next().unwrap_or(u16::MAX), bounds.next().unwrap_or(0));
    let reserved = kernel("ip_local_reserved_ports");
    Finding {
        good: (first.max(low)..=last.min(high)).all(|port| is_listed(&reserved, port)),
        what: format!("RTP ports {first}-{last}, the kernel's own from {}", range.trim().replace('\t', "-")),
        remedy: "choose [media] ports below the kernel's range, or reserve them: net.ipv4.ip_local_reserved_ports",
    }
}

/// Whether a list as the kernel writes it ("5060,16384-32767") holds the port.
fn is_listed(list: &str, port: u16) -> bool {
    list.trim().split(',').any(|part| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let bounds = first.parse::<u16>().ok().zip(last.parse::<u16>().ok());
        bounds.is_some_and(|(first, last)| (first..=last).contains(&port))
    })
}

fn files() -> Finding {
    let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    let hard: u64 = line.split_whitespace().nth(4).and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
    Finding {
        good: hard >= FILES_WANTED,
        what: format!("{hard} open files allowed, {FILES_WANTED} wanted for 16,000 legs"),
        remedy: "LimitNOFILE=1048576 in the systemd unit (deploy/strowger.service), or ulimit -Hn",
    }
}

fn receive_buffer() -> Finding {
    let granted = wire::sip::granted_receive_buffer().unwrap_or(0) as u64;
    Finding {
        good: granted >= RECEIVE_BUFFER_WANTED,
        what: format!("a receive buffer of {granted} bytes is granted for SIP, {RECEIVE_BUFFER_WANTED} wanted"),
        remedy: "install deploy/60-strowger.conf into /etc/sysctl.d and run sysctl --system, or grant CAP_NET_ADMIN",
    }
}

fn drops() -> Finding {
    let snmp = fs::read_to_string("/proc/net/snmp").unwrap_or_default();
    let mut lines = snmp.lines().filter(|line| line.starts_with("Udp:"));
    let (names, values) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let find = |name| names.split_whitespace().zip(values.split_whitespace()).find(|(n, _)| *n == name);
    let errors: u64 = find("RcvbufErrors").and_then(|(_, v)| v.parse().ok()).unwrap_or(0);
    Finding {
        good: true,
        what: format!("{errors} UDP datagrams dropped by full receive buffers since this machine started"),
        remedy: "",
    }
}

fn clock() -> Finding {
    let synchronised = Path::new("/run/systemd/timesync/synchronized").exists()
        || std::process::Command::new("timedatectl")
            .args(["show", "-p", "NTPSynchronized", "--value"])
            .output()
            .is_ok_and(|o| o.stdout.starts_with(b"yes"));
    Finding {
        good: true,
        what: if synchronised {
            "clock is kept by a time server".to_owned()
        } else {
            "no time server seen; records are only as right as this clock".to_owned()
        },
        remedy: "",
    }
}

/// The folder, or of its parents the nearest that is there.
fn existing(folder: &Path) -> &Path {
    let mut parents = folder.ancestors().map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    parents.find(|path| path.exists()).unwrap_or(Path::new("/"))
}

fn writable(folder: &Path) -> Finding {
    let probe = existing(folder).join(format!(".strowger-doctor-{}", std::process::id()));
    let made = fs::OpenOptions::new().write(true).create_new(true).open(&probe);
    let _ = fs::remove_file(&probe);
    Finding {
        good: made.is_ok(),
        what: match &made {
            Ok(_) => format!("{} can be written", folder.display()),
            Err(error) => format!("{} cannot be written: {error}", folder.display()),
        },
        remedy: "give this user the right to write there, or name another folder (--data, [recordings] path)",
    }
}

fn disk(folder: &Path) -> Finding {
    let free = std::process::Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(existing(folder))
        .output()
        .ok()
        .and_then(|o| String::from_utf8_lossy(&o.stdout).lines().nth(1).and_then(|l| l.trim().parse().ok()));
    let free: u64 = free.unwrap_or(0);
    Finding {
        good: free >= FREE_BYTES_WANTED,
        what: format!("{} MiB free for {}", free >> 20, folder.display()),
        remedy: "free space or move the folder; calls go on without it, recordings and records do not last",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_of_ports_is_read() {
        for (list, port, listed) in [
            ("5060,16384-32767\n", 16384, true),
            ("5060,16384-32767\n", 5060, true),
            ("5060", 5061, false),
            ("\n", 1, false),
        ] {
            assert_eq!(is_listed(list, port), listed, "{list} {port}");
        }
    }

    #[test]
    fn a_port_in_use_is_good_news_while_we_run() {
        let in_use = || Err(ErrorKind::AddrInUse.into());
        assert!(port("HTTP", "127.0.0.1:1", in_use(), true).good);
        assert!(!port("HTTP", "127.0.0.1:1", in_use(), false).good);
        assert!(!port("HTTP", "127.0.0.1:1", Err(ErrorKind::PermissionDenied.into()), true).good);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_its_parent() {
        assert_eq!(existing(Path::new("/proc/nothing/here")), Path::new("/proc"));
        assert_eq!(existing(Path::new("nothing-here")), Path::new("."));
        assert!(!writable(Path::new("/proc/nothing")).good);
    }
}
