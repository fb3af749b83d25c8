//! `strowger doctor`: what of this machine would hurt calls, and the remedy.

use crate::config::Config;
use std::{
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
#[expect(clippy::print_stdout, reason = "the answer of a command line")]
pub fn run(config: &Config) -> ExitCode {
    let findings = [
        port("HTTP", TcpListener::bind(config.http.bind).map(drop), &config.http.bind.to_string()),
        port("SIP UDP", UdpSocket::bind(config.sip.udp).map(drop), &config.sip.udp.to_string()),
        port("SIP TCP", TcpListener::bind(config.sip.tcp).map(drop), &config.sip.tcp.to_string()),
        media_ports(config),
        files(),
        receive_buffer(),
        drops(),
        clock(),
        disk(&config.data),
    ];
    for finding in &findings {
        println!("{} {}", if finding.good { "ok  " } else { "BAD " }, finding.what);
        if !finding.good {
            println!("     remedy: {}", finding.remedy);
        }
    }
    if findings.iter().all(|f| f.good) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn port(name: &str, bound: std::io::Result<()>, address: &str) -> Finding {
    let what = match &bound {
        Ok(()) => format!("{name} {address} is free"),
        Err(error) => format!("{name} {address} cannot be used: {error}"),
    };
    let remedy = "stop what uses the port (a running strowger does), or choose another in the configuration";
    Finding { good: bound.is_ok(), what, remedy }
}

fn media_ports(config: &Config) -> Finding {
    let (first, last) = config.media.ports;
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let mut bounds = range.split_whitespace().filter_map(|n| n.parse::<u16>().ok());
    let clash = match (bounds.next(), bounds.next()) {
        (Some(low), Some(high)) => first <= high && last >= low,
        _ => false,
    };
    Finding {
        good: !clash,
        what: format!("RTP ports {first}-{last}, the kernel's own from {}", range.trim().replace('\t', "-")),
        remedy: "choose [media] ports below the kernel's range, or reserve them: net.ipv4.ip_local_reserved_ports",
    }
}

fn files() -> Finding {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    let hard: u64 = line.split_whitespace().nth(4).and_then(|n| n.parse().ok()).unwrap_or(u64::MAX);
    Finding {
        good: hard >= FILES_WANTED,
        what: format!("{hard} open files allowed, {FILES_WANTED} wanted for 16,000 legs"),
        remedy: "LimitNOFILE=1048576 in the systemd unit (deploy/strowger.service), or ulimit -Hn",
    }
}

fn receive_buffer() -> Finding {
    let granted = std::fs::read_to_string("/proc/sys/net/core/rmem_max").ok().and_then(|n| n.trim().parse().ok());
    let granted: u64 = granted.unwrap_or(0);
    Finding {
        good: granted >= RECEIVE_BUFFER_WANTED,
        what: format!("kernel grants receive buffers up to {granted} bytes, {RECEIVE_BUFFER_WANTED} wanted"),
        remedy: "install deploy/60-strowger.conf into /etc/sysctl.d and run sysctl --system",
    }
}

fn drops() -> Finding {
    let snmp = std::fs::read_to_string("/proc/net/snmp").unwrap_or_default();
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

fn disk(data: &Path) -> Finding {
    let existing = data.ancestors().find(|p| p.exists()).unwrap_or(Path::new("/"));
    let free = std::process::Command::new("df")
        .args(["--output=avail", "-B1"])
        .arg(existing)
        .output()
        .ok()
        .and_then(|o| String::from_utf8_lossy(&o.stdout).lines().nth(1).and_then(|l| l.trim().parse().ok()));
    let free: u64 = free.unwrap_or(0);
    Finding {
        good: free >= FREE_BYTES_WANTED,
        what: format!("{} MiB free for {}", free >> 20, data.display()),
        remedy: "free space or move the data folder; calls go on without it, recordings and records do not last",
    }
}
