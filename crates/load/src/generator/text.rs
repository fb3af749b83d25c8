//! SIP as text, as little as a load needs: reading by slices, writing by templates. Deliberately not `sip`: the
//! generator must be cheaper than what it measures, and must not share its mistakes.

use std::{fmt::Write, net::SocketAddr};

/// A message, borrowed from its datagram.
#[derive(Debug)]
pub(super) struct Heard<'a> {
    pub(super) start: Start<'a>,
    pub(super) vias: Vec<&'a str>,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) call_id: &'a str,
    pub(super) cseq: &'a str,
    /// The URI of the first Contact.
    pub(super) contact: Option<&'a str>,
    pub(super) record_routes: Vec<&'a str>,
    /// A digest challenge.
    pub(super) challenge: Option<&'a str>,
    pub(super) body: &'a str,
}

/// Request or response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    Request { method: &'a str },
    Response { status: u16 },
}

/// Reads a message; none if it is not one.
pub(super) fn read(bytes: &[u8]) -> Option<Heard<'_>> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.split("\r\n");
    let mut heard = Heard {
        start: read_start(lines.next()?)?,
        vias: Vec::with_capacity(1),
        from: "",
        to: "",
        call_id: "",
        cseq: "",
        contact: None,
        record_routes: Vec::new(),
        challenge: None,
        body,
    };
    for line in lines {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim_end() {
            "Via" | "v" => heard.vias.push(value),
            "From" | "f" => heard.from = value,
            "To" | "t" => heard.to = value,
            "Call-ID" | "i" => heard.call_id = value,
            "CSeq" => heard.cseq = value,
            "Contact" | "m" => heard.contact = Some(bare_uri(value)),
            "Record-Route" => heard.record_routes.push(value),
            "WWW-Authenticate" | "Proxy-Authenticate" if value.contains("MD5") || !value.contains("algorithm") => {
                heard.challenge = Some(value);
            }
            _ => {}
        }
    }
    Some(heard)
}

fn read_start(line: &str) -> Option<Start<'_>> {
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        return Some(Start::Response { status: rest.get(..3)?.parse().ok()? });
    }
    Some(Start::Request { method: line.split_once(' ')?.0 })
}

impl Heard<'_> {
    /// The method that CSeq names: of a response, what it answers.
    pub(super) fn cseq_method(&self) -> &str {
        self.cseq.rsplit(' ').next().unwrap_or("")
    }

    /// User part of From.
    pub(super) fn calling_user(&self) -> &str {
        let uri = bare_uri(self.from);
        let user = uri.split_once('@').map_or("", |(user, _)| user);
        user.split_once(':').map_or(user, |(_, user)| user)
    }
}

/// The URI in a name-addr or addr-spec, without header parameters.
fn bare_uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split_once('>').map_or(rest, |(uri, _)| uri),
        None => value.split(';').next().unwrap_or(value),
    }
}

/// Where the far end wants its sound: address of the session or the medium, port of the first audio line.
pub(super) fn sound_address(description: &str) -> Option<SocketAddr> {
    let address = description.lines().find_map(|line| line.strip_prefix("c=IN IP4 "))?.trim().parse().ok()?;
    let line = description.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    Some(SocketAddr::new(address, line.split(' ').next()?.parse().ok()?))
}

/// An offer or answer of PCMU with telephone events.
pub(super) fn description(sound: SocketAddr) -> String {
    let (ip, port) = (sound.ip(), sound.port());
    format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n\
         a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n"
    )
}

/// A response to a request, with the tag if To has none yet.
pub(super) fn response(heard: &Heard<'_>, status: &str, tag: &str, contact: &str, body: &str) -> String {
    let mut text = format!("SIP/2.0 {status}\r\n");
    heard.vias.iter().for_each(|via| put(&mut text, "Via", via));
    heard.record_routes.iter().for_each(|route| put(&mut text, "Record-Route", route));
    put(&mut text, "From", heard.from);
    if heard.to.contains(";tag=") || status.starts_with("100") {
        put(&mut text, "To", heard.to);
    } else {
        put(&mut text, "To", &format!("{};tag={tag}", heard.to));
    }
    put(&mut text, "Call-ID", heard.call_id);
    put(&mut text, "CSeq", heard.cseq);
    put(&mut text, "Contact", contact);
    finish(&mut text, body);
    text
}

/// What a request is made of.
pub(super) struct Request<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a str,
    pub(super) via: SocketAddr,
    pub(super) branch: &'a str,
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    pub(super) call_id: &'a str,
    pub(super) cseq: u32,
    pub(super) contact: &'a str,
    /// Whole further header lines.
    pub(super) more: &'a str,
    pub(super) body: &'a str,
}

impl Request<'_> {
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} {} SIP/2.0\r\nVia: SIP/2.0/UDP {};branch=z9hG4bK{};rport\r\nMax-Forwards: 70\r\n",
            self.method, self.uri, self.via, self.branch
        );
        put(&mut text, "From", self.from);
        put(&mut text, "To", self.to);
        put(&mut text, "Call-ID", self.call_id);
        put(&mut text, "CSeq", &format!("{} {}", self.cseq, self.method));
        put(&mut text, "Contact", self.contact);
        text.push_str(self.more);
        finish(&mut text, self.body);
        text
    }
}

fn put(text: &mut String, name: &str, value: &str) {
    let _ = write!(text, "{name}: {value}\r\n");
}

fn finish(text: &mut String, body: &str) {
    if !body.is_empty() {
        put(text, "Content-Type", "application/sdp");
    }
    let _ = write!(text, "Content-Length: {}\r\n\r\n{body}", body.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_copies_what_identifies_the_request() {
        let request = "INVITE sip:8001@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP h;branch=1\r\nv: SIP/2.0/UDP g\r\n\
             From: \"A\" <sip:139@h>;tag=f\r\nTo: <sip:8001@h>\r\nCall-ID: c\r\nCSeq: 7 INVITE\r\n\
             Contact: <sip:x@127.0.0.1:5060>;q=1\r\n\r\nbody";
        let heard = read(request.as_bytes()).unwrap();
        assert_eq!(heard.start, Start::Request { method: "INVITE" });
        assert_eq!((heard.calling_user(), heard.cseq_method(), heard.body), ("139", "INVITE", "body"));
        assert_eq!(heard.contact, Some("sip:x@127.0.0.1:5060"));
        let text = response(&heard, "200 OK", "t", "<sip:8001@me>", "v=0\r\n");
        let answer = read(text.as_bytes()).unwrap();
        assert_eq!(answer.start, Start::Response { status: 200 });
        assert_eq!(answer.vias, heard.vias);
        assert_eq!((answer.to, answer.cseq), ("<sip:8001@h>;tag=t", "7 INVITE"));
        assert!(text.contains("Content-Length: 5\r\n\r\nv=0"));
    }

    #[test]
    fn a_description_reads_back() {
        let sound = SocketAddr::from(([127, 0, 0, 1], 4_000));
        assert_eq!(sound_address(&description(sound)), Some(sound));
        assert_eq!(sound_address("v=0"), None);
    }

    #[test]
    fn noise_is_not_a_message() {
        for noise in [&b"\r\n\r\n"[..], b"", b"\xff\xfe", b"SIP/2.0 abc\r\n\r\n"] {
            assert!(read(noise).is_none(), "{noise:?}");
        }
    }
}
