//! SIP and SIPS URIs (RFC 3261 section 19.1) as slices. Other schemes are known by name only.

use std::sync::Arc;

/// A URI cut in its parts; nothing is unescaped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Scheme as written.
    pub scheme: &'a [u8],
    /// User part without password; empty if there is none.
    pub user: &'a [u8],
    /// Host, an IPv6 address with its brackets.
    pub host: &'a [u8],
    /// Port.
    pub port: Option<u16>,
    /// Parameters, without the first semicolon.
    pub parameters: &'a [u8],
    /// Headers, without the question mark; none if there is no question mark.
    pub headers: Option<&'a [u8]>,
}

impl<'a> Uri<'a> {
    /// Cuts a URI. The number of a `tel` URI (RFC 3966) is its user part; of other schemes than `sip`, `sips` and `tel`
    /// only the scheme is known. None if it is not a URI.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let colon = memchr::memchr(b':', bytes)?;
        let (scheme, rest) = (&bytes[..colon], &bytes[colon + 1..]);
        let mut uri = Self { scheme, user: b"", host: b"", port: None, parameters: b"", headers: None };
        if !super::parse::is_token(scheme) || bytes.iter().any(u8::is_ascii_whitespace) {
            return None;
        }
        if scheme.eq_ignore_ascii_case(b"tel") {
            let (number, parameters) = split_at_byte(rest, b';');
            return Some(Self { user: number, parameters: parameters.unwrap_or_default(), ..uri });
        }
        if !uri.is_sip() {
            return Some(uri);
        }
        // The user part may hold `;`, `?` and `/`, so the `@` is looked for first.
        let after_user = match memchr::memchr(b'@', rest) {
            Some(at) => {
                uri.user = rest[..at].split(|byte| *byte == b':').next().unwrap_or_default();
                &rest[at + 1..]
            }
            None => rest,
        };
        let (before_headers, headers) = split_at_byte(after_user, b'?');
        let (host_port, parameters) = split_at_byte(before_headers, b';');
        uri.headers = headers;
        uri.parameters = parameters.unwrap_or_default();
        (uri.host, uri.port) = host_and_port(host_port)?;
        Some(uri)
    }

    /// Whether it is a `sip` or `sips` URI.
    pub fn is_sip(&self) -> bool {
        self.scheme.eq_ignore_ascii_case(b"sip") || self.scheme.eq_ignore_ascii_case(b"sips")
    }

    /// Whether a call or request may be for such a URI.
    pub fn is_understood(&self) -> bool {
        self.is_sip() || self.scheme.eq_ignore_ascii_case(b"tel")
    }

    /// The user part, unescaped, lossy text.
    pub fn user_text(&self) -> Arc<str> {
        super::text(&unescaped(self.user))
    }

    /// Same user at the same host and port, whatever the parameters: enough to know one phone's Contact again.
    pub fn same_place(&self, other: &Uri<'_>) -> bool {
        unescaped(self.user) == unescaped(other.user)
            && self.host.eq_ignore_ascii_case(other.host)
            && self.port.unwrap_or(5060) == other.port.unwrap_or(5060)
    }
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`; none if the host is empty or the port is not one.
pub(super) fn host_and_port(bytes: &[u8]) -> Option<(&[u8], Option<u16>)> {
    let host_end = match bytes.first()? {
        b'[' => memchr::memchr(b']', bytes)? + 1,
        _ => memchr::memchr(b':', bytes).unwrap_or(bytes.len()),
    };
    let (host, rest) = (bytes[..host_end].trim_ascii(), bytes[host_end..].trim_ascii());
    let valid = !host.is_empty() && host.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._[]:%".contains(byte));
    match rest.split_first() {
        _ if !valid => None,
        None => Some((host, None)),
        Some((b':', port)) => Some((host, Some(std::str::from_utf8(port.trim_ascii()).ok()?.parse().ok()?))),
        Some(_) => None,
    }
}

fn split_at_byte(bytes: &[u8], byte: u8) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(byte, bytes) {
        Some(at) => (&bytes[..at], Some(&bytes[at + 1..])),
        None => (bytes, None),
    }
}

/// Percent escapes undone; a percent sign that begins none stays as it is.
fn unescaped(bytes: &[u8]) -> Vec<u8> {
    let digit = |at: usize| bytes.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                plain.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            (byte, _, _) => {
                plain.push(byte);
                at += 1;
            }
        }
    }
    plain
}

/// A user part as it may stand in a URI: everything outside RFC 3261's unreserved and user-unreserved is escaped.
pub(crate) fn escaped_user(user: &str) -> String {
    use std::fmt::Write;
    let mut escaped = String::with_capacity(user.len());
    for byte in user.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_uris() {
        let table: [(&str, &str, &str, Option<u16>, &str); 6] = [
            ("sip:8001@10.0.0.1:5062;transport=tcp", "8001", "10.0.0.1", Some(5062), "transport=tcp"),
            ("sips:alice:secret@[2001:db8::1]:5061", "alice", "[2001:db8::1]", Some(5061), ""),
            ("SIP:example.com", "", "example.com", None, ""),
            ("sip:user;par=u%40example.net@example.com", "user;par=u%40example.net", "example.com", None, ""),
            ("sip:a?b@h?c=d", "a?b", "h", None, ""),
            ("sip:8001-0x55d@10.0.0.1", "8001-0x55d", "10.0.0.1", None, ""),
        ];
        for (text, user, host, port, parameters) in table {
            let uri = Uri::parse(text.as_bytes()).expect(text);
            let got = (uri.user, uri.host, uri.port, uri.parameters);
            assert_eq!(got, (user.as_bytes(), host.as_bytes(), port, parameters.as_bytes()), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_uri_is_refused() {
        for text in ["alan", "sip:", "sip:a@", "sip:a@b:99999", "sip:a@b c", "sip:a@[::1", "sip:a@b:5060:1"] {
            assert_eq!(Uri::parse(text.as_bytes()), None, "{text}");
        }
        assert!(!Uri::parse(b"soap.beep://192.0.2.103:3002").expect("a URI").is_sip());
    }

    #[test]
    fn escapes_are_undone_and_made() {
        assert_eq!(unescaped(b"%75se%72%Z%4"), b"user%Z%4");
        assert_eq!(unescaped(&escaped_user("a b@c\r\n#").into_bytes()), b"a b@c\r\n#");
        assert_eq!(escaped_user("+8610 1#"), "+8610%201%23");
    }
}
