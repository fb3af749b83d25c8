//! Typed views of header values: lists, parameters, addresses, Via, CSeq. Views borrow; none of them copies.

use super::{parse::is_token, uri::host_and_port};
use std::borrow::Cow;

/// Splits at a byte that stands outside quoted strings and angle brackets, and trims the pieces.
fn split_outside(value: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let (mut quoted, mut bracket, mut escaped) = (false, false, false);
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                _ if escaped => escaped = false,
                b'\\' if quoted => escaped = true,
                b'"' => quoted = !quoted,
                b'<' if !quoted => bracket = true,
                b'>' if !quoted => bracket = false,
                _ if *byte == separator && !quoted && !bracket => {
                    rest = Some(&bytes[at + 1..]);
                    return Some(bytes[..at].trim_ascii());
                }
                _ => {}
            }
        }
        rest = None;
        Some(bytes.trim_ascii())
    })
}

/// The elements of a comma-separated list (RFC 3261 section 7.3.1).
pub fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    split_outside(value, b',')
}

/// The `name` and `name=value` pairs of `a;b=c`; a value keeps its quotes, one that is missing is empty.
pub fn parameters(value: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    split_outside(value, b';').map(pair)
}

/// The value of one parameter, its name in any case.
pub fn parameter<'a>(value: &'a [u8], name: &str) -> Option<&'a [u8]> {
    parameters(value).find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| value)
}

/// Cuts `name = value`.
pub(crate) fn pair(bytes: &[u8]) -> (&[u8], &[u8]) {
    match memchr::memchr(b'=', bytes) {
        Some(at) => (bytes[..at].trim_ascii(), bytes[at + 1..].trim_ascii()),
        None => (bytes, b""),
    }
}

/// A quoted string without its quotes and escapes; anything else as it is.
pub fn unquote(value: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")) else {
        return Cow::Borrowed(value);
    };
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        let byte = if *byte == b'\\' { bytes.next().unwrap_or(byte) } else { byte };
        plain.push(*byte);
    }
    Cow::Owned(plain)
}

/// Every parameter has a name: `;;` is no parameter list.
fn well_formed(parameters: &[u8]) -> bool {
    parameters.is_empty() || split_outside(parameters, b';').all(|part| !pair(part).0.is_empty())
}

/// From, To, Contact, Route: `"display" <uri>;parameters` or `uri;parameters` (RFC 3261 section 20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NameAddress<'a> {
    /// Display name as written, with its quotes; empty if there is none.
    pub display: &'a [u8],
    /// The URI.
    pub uri: &'a [u8],
    /// Parameters of the header, without the first semicolon.
    pub parameters: &'a [u8],
    /// The value up to the parameters.
    pub without_parameters: &'a [u8],
}

impl<'a> NameAddress<'a> {
    /// Reads one address. None if the quotes or brackets do not match, the URI holds white space, or (without brackets)
    /// a question mark or comma, which RFC 3261 section 20 wants bracketed. Spaces just inside the brackets, and a
    /// display name that ought to be quoted, are harmless and let pass.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let value = value.trim_ascii();
        let open = open_bracket(value)?;
        let (display, uri, rest) = match open {
            Some(open) => {
                let close = open + memchr::memchr(b'>', &value[open..])?;
                (value[..open].trim_ascii(), value[open + 1..close].trim_ascii(), &value[close + 1..])
            }
            None => {
                let end = memchr::memchr(b';', value).unwrap_or(value.len());
                let uri = value[..end].trim_ascii();
                if uri.iter().any(|byte| b"?,\"".contains(byte)) {
                    return None;
                }
                (&value[..0], uri, &value[end..])
            }
        };
        let before = value.len() - rest.len();
        let rest = rest.trim_ascii();
        let parameters = match rest.split_first() {
            None => rest,
            Some((b';', parameters)) => parameters,
            Some(_) => return None,
        };
        let good = !uri.is_empty() && !uri.iter().any(u8::is_ascii_whitespace) && well_formed(parameters);
        good.then_some(Self { display, uri, parameters, without_parameters: value[..before].trim_ascii() })
    }

    /// The tag parameter, if it is there and not empty.
    pub fn tag(&self) -> Option<&'a [u8]> {
        parameter(self.parameters, "tag").filter(|tag| !tag.is_empty())
    }
}

/// Where the bracket of an address opens (outside a quoted display name); the outer None is an unfinished quote.
fn open_bracket(value: &[u8]) -> Option<Option<usize>> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'<' if !quoted => return Some(Some(at)),
            // Without brackets nothing behind the semicolon belongs to the address.
            b';' if !quoted => return Some(None),
            _ => {}
        }
    }
    (!quoted).then_some(None)
}

/// One Via element (RFC 3261 section 20.42).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Via<'a> {
    /// `UDP`, `TCP` and so on, as written.
    pub transport: &'a [u8],
    /// Host of sent-by.
    pub host: &'a [u8],
    /// Port of sent-by.
    pub port: Option<u16>,
    /// Parameters, without the first semicolon.
    pub parameters: &'a [u8],
}

/// What RFC 3261's branches begin with; any other is of RFC 2543 (section 8.1.1.7).
const MAGIC_COOKIE: &[u8] = b"z9hG4bK";

impl<'a> Via<'a> {
    /// Reads one element; white space around the slashes is legal.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let mut parts = value.splitn(3, |byte| *byte == b'/');
        let protocol = parts.next()?.trim_ascii();
        let version = parts.next()?.trim_ascii();
        let rest = parts.next()?.trim_ascii_start();
        let end = rest.iter().position(u8::is_ascii_whitespace)?;
        let (transport, rest) = (&rest[..end], rest[end..].trim_ascii_start());
        let semicolon = memchr::memchr(b';', rest);
        let sent_by = &rest[..semicolon.unwrap_or(rest.len())];
        let parameters = semicolon.map_or(&rest[..0], |at| &rest[at + 1..]);
        let (host, port) = host_and_port(sent_by.trim_ascii())?;
        let good = protocol.eq_ignore_ascii_case(b"SIP") && is_token(version) && is_token(transport);
        (good && well_formed(parameters)).then_some(Self { transport, host, port, parameters })
    }

    /// The branch, if it has the magic cookie and something unique behind it; otherwise RFC 2543's rules hold.
    pub fn branch(&self) -> Option<&'a [u8]> {
        let branch = parameter(self.parameters, "branch")?;
        let unique = branch.len() > MAGIC_COOKIE.len();
        (unique && branch[..MAGIC_COOKIE.len()].eq_ignore_ascii_case(MAGIC_COOKIE)).then_some(branch)
    }
}

/// CSeq (RFC 3261 section 20.16).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CSeq<'a> {
    /// Below 2^31.
    pub number: u32,
    /// Name of the method.
    pub method: &'a [u8],
}

impl<'a> CSeq<'a> {
    /// Reads a value; none if the number is 2^31 or more (section 8.1.1.5) or there is no method.
    pub fn parse(value: &'a [u8]) -> Option<Self> {
        let space = value.iter().position(u8::is_ascii_whitespace)?;
        let number = &value[..space];
        let number = number.iter().all(u8::is_ascii_digit).then(|| std::str::from_utf8(number).ok()?.parse().ok())?;
        let method = value[space..].trim_ascii();
        number.filter(|number| *number < 1 << 31 && is_token(method)).map(|number| Self { number, method })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_parameters_keep_quotes_and_brackets_together() {
        let elements: Vec<_> = list(b"\"a, \\\"b\" <sip:x,y@h;p>;q=1 , <sip:z>").collect();
        assert_eq!(elements, [&b"\"a, \\\"b\" <sip:x,y@h;p>;q=1"[..], b"<sip:z>"]);
        assert_eq!(parameter(b"a ; TAG = x;b=\"1;2\"", "tag"), Some(&b"x"[..]));
        assert_eq!(parameter(b"a;b=\"1;2\"", "B").map(unquote).as_deref(), Some(&b"1;2"[..]));
        assert_eq!(unquote(b"\"J \\\\\\\"\""), Cow::<[u8]>::Owned(b"J \\\"".to_vec()));
    }

    #[test]
    fn addresses_good_and_bad() {
        type Parts<'a> = (&'a str, &'a str, Option<&'a str>);
        let table: [(&str, Option<Parts<'_>>); 12] = [
            ("\"A <x>\" <sip:a@b>;tag=1", Some(("\"A <x>\"", "sip:a@b", Some("1")))),
            ("sip:a@b;tag=2", Some(("", "sip:a@b", Some("2")))),
            ("caller<sip:a@b>", Some(("caller", "sip:a@b", None))),
            ("Bell, Alexander <sip:a@b>;tag=43", Some(("Bell, Alexander", "sip:a@b", Some("43")))),
            ("< sip:a@b >", Some(("", "sip:a@b", None))),
            ("sip:a@b ; tag = 3 ; x", Some(("", "sip:a@b", Some("3")))),
            ("\"Mr. J. <sip:a@b>", None),
            ("<sip:a@b", None),
            ("<sip:a b@c>", None),
            ("sip:a@b?Route=x", None),
            ("<sip:a@b>;;;", None),
            ("<sip:a@b> x", None),
        ];
        for (text, expected) in table {
            let got = NameAddress::parse(text.as_bytes()).map(|a| (a.display, a.uri, a.tag()));
            let expected = expected.map(|(d, u, t)| (d.as_bytes(), u.as_bytes(), t.map(str::as_bytes)));
            assert_eq!(got, expected, "{text}");
        }
    }

    #[test]
    fn vias_good_and_bad() {
        let via =
            Via::parse(b"SIP  / 2.0  / TCP     spindle.example.com : 5070  ;  branch  =   z9hG4bK9ikj8").expect("good");
        assert_eq!((via.transport, via.host, via.port), (&b"TCP"[..], &b"spindle.example.com"[..], Some(5070)));
        assert_eq!(via.branch(), Some(&b"z9hG4bK9ikj8"[..]));
        assert_eq!(Via::parse(b"SIP/2.0/UDP h;branch=z9hG4bK").expect("good").branch(), None);
        for bad in ["SIP/2.0/UDP 192.0.2.15;;", "SIP/2.0/UDP", "SIP/2.0 UDP h", "SIP/2.0/UDP h:x", ""] {
            assert_eq!(Via::parse(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    fn cseq_numbers_have_their_limit() {
        assert_eq!(CSeq::parse(b"0009 INVITE"), Some(CSeq { number: 9, method: b"INVITE" }));
        assert_eq!(CSeq::parse(b"2147483647 BYE").map(|cseq| cseq.number), Some((1 << 31) - 1));
        for bad in ["2147483648 BYE", "36893488147419103232 REGISTER", "1", "x BYE", "-1 BYE", ""] {
            assert_eq!(CSeq::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}
