//! Digest authentication (RFC 7616 with RFC 8760's use in SIP; RFC 2617's older form is understood too). Owns the
//! arithmetic, the nonces and both headers; it must never know which accounts exist or what a failure costs.

use crate::message::{list, pair, unquote};
use sha2::Digest as _;
use std::{fmt::Write, time::Duration};

/// How long a nonce is good. Short, because it may be used by whoever saw it: several phones behind one number
/// re-use each other's (H8), so the count `nc` proves nothing. A phone that comes later is told `stale=true` and does
/// not ask its user again.
pub const NONCE_LIFETIME_S: u64 = 300;

/// A hash function of digest authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Algorithm {
    /// RFC 2617's, which every phone has.
    Md5,
    /// RFC 8760's.
    Sha256,
}

impl Algorithm {
    /// Its name in the header.
    pub fn name(self) -> &'static str {
        match self {
            Self::Md5 => "MD5",
            Self::Sha256 => "SHA-256",
        }
    }

    fn of(name: &[u8]) -> Option<Self> {
        [Self::Md5, Self::Sha256].into_iter().find(|known| name.eq_ignore_ascii_case(known.name().as_bytes()))
    }

    /// Hex of the hash of the parts joined by colons.
    fn hash(self, parts: &[&[u8]]) -> String {
        let joined = parts.join(&b':');
        match self {
            Self::Md5 => hex(&md5::Md5::digest(&joined)),
            Self::Sha256 => hex(&sha2::Sha256::digest(&joined)),
        }
    }
}

/// Hex of MD5(name:realm:password), what [`crate::Account::ha1_md5`] holds.
pub fn ha1_md5(name: &str, realm: &str, password: &str) -> String {
    Algorithm::Md5.hash(&[name.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// Hex of SHA-256(name:realm:password), what [`crate::Account::ha1_sha256`] holds.
pub fn ha1_sha256(name: &str, realm: &str, password: &str) -> String {
    Algorithm::Sha256.hash(&[name.as_bytes(), realm.as_bytes(), password.as_bytes()])
}

/// Lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Compares without telling by its time how much was equal.
fn equal_in_constant_time(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len() && left.iter().zip(right).fold(0, |sum, (left, right)| sum | (left ^ right)) == 0
}

/// An Authorization or Proxy-Authorization header of scheme Digest, unquoted.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Digest user name.
    pub username: Vec<u8>,
    /// The realm the client answers to.
    pub realm: Vec<u8>,
    /// The nonce it was given.
    pub nonce: Vec<u8>,
    /// The request URI as the client saw it.
    pub uri: Vec<u8>,
    /// Its hash function; MD5 if none was named.
    pub algorithm: Algorithm,
    /// The client's nonce and count with `qop=auth`; none for RFC 2069's older form.
    pub quality: Option<Quality>,
    response: Vec<u8>,
}

/// What `qop=auth` adds.
#[derive(Clone, PartialEq, Eq)]
pub struct Quality {
    /// The client's own nonce.
    pub cnonce: Vec<u8>,
    /// The count as it was written, eight hex digits.
    nc: Vec<u8>,
    /// The same as a number: 32 bits, read as hex.
    pub count: u32,
}

impl Credentials {
    /// Reads a header value. None if it is another scheme, another algorithm or `qop`, or lacks a part.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let fields = fields(value)?;
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
            found.map(|(_, value)| value.clone())
        };
        let quality = match field("qop") {
            None => None,
            Some(qop) if qop.eq_ignore_ascii_case(b"auth") => {
                let nc = field("nc").filter(|nc| nc.len() == 8 && nc.iter().all(u8::is_ascii_hexdigit))?;
                let count = u32::from_str_radix(std::str::from_utf8(&nc).ok()?, 16).ok()?;
                Some(Quality { cnonce: field("cnonce")?, nc, count })
            }
            Some(_) => return None,
        };
        Some(Self {
            username: field("username")?,
            realm: field("realm")?,
            nonce: field("nonce")?,
            uri: field("uri")?,
            algorithm: field("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::of(&name))?,
            quality,
            response: field("response")?,
        })
    }

    /// Whether the response is that of a client who knows the secret `ha1` (hex, of this algorithm).
    pub fn proves(&self, method: &[u8], ha1: &str) -> bool {
        let quality = self.quality.as_ref().map(|quality| (&quality.nc[..], &quality.cnonce[..]));
        let expected = response(self.algorithm, ha1, &self.nonce, quality, method, &self.uri);
        equal_in_constant_time(expected.as_bytes(), &self.response.to_ascii_lowercase())
    }
}

/// RFC 7616 section 3.4.1; without `quality` RFC 2069's form.
fn response(
    algorithm: Algorithm,
    ha1: &str,
    nonce: &[u8],
    quality: Option<(&[u8], &[u8])>,
    method: &[u8],
    uri: &[u8],
) -> String {
    let ha2 = algorithm.hash(&[method, uri]);
    match quality {
        Some((nc, cnonce)) => algorithm.hash(&[ha1.as_bytes(), nonce, nc, cnonce, b"auth", ha2.as_bytes()]),
        None => algorithm.hash(&[ha1.as_bytes(), nonce, ha2.as_bytes()]),
    }
}

/// The fields of a Digest header, unquoted; none for another scheme.
fn fields(value: &[u8]) -> Option<Vec<(&[u8], Vec<u8>)>> {
    let space = value.iter().position(u8::is_ascii_whitespace)?;
    let digest = value[..space].eq_ignore_ascii_case(b"Digest");
    digest.then(|| list(&value[space..]).map(pair).map(|(name, value)| (name, unquote(value).into_owned())).collect())
}

/// A WWW-Authenticate or Proxy-Authenticate header, for the client side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Whose password is asked for.
    pub realm: Vec<u8>,
    nonce: Vec<u8>,
    opaque: Option<Vec<u8>>,
    algorithm: Algorithm,
    /// The nonce was good once: try again with the same password.
    pub stale: bool,
    quality: bool,
}

impl Challenge {
    /// Reads a header value. None if we cannot answer it.
    pub fn parse(value: &[u8]) -> Option<Self> {
        let fields = fields(value)?;
        let field = |name: &str| {
            let found = fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()));
            found.map(|(_, value)| value.clone())
        };
        let quality = match field("qop") {
            None => false,
            Some(offered) if list(&offered).any(|qop| qop.eq_ignore_ascii_case(b"auth")) => true,
            Some(_) => return None,
        };
        Some(Self {
            realm: field("realm")?,
            nonce: field("nonce")?,
            opaque: field("opaque"),
            algorithm: field("algorithm").map_or(Some(Algorithm::Md5), |name| Algorithm::of(&name))?,
            stale: field("stale").is_some_and(|stale| stale.eq_ignore_ascii_case(b"true")),
            quality,
        })
    }

    /// The value of the Authorization header that answers it.
    pub fn answer(&self, name: &str, password: &str, method: &[u8], uri: &str, cnonce: &str) -> String {
        let text = |bytes: &[u8]| crate::message::quoted(&String::from_utf8_lossy(bytes));
        let realm = String::from_utf8_lossy(&self.realm);
        let ha1 = self.algorithm.hash(&[name.as_bytes(), realm.as_bytes(), password.as_bytes()]);
        // One answer per challenge is given, so the count is always the first.
        let quality = self.quality.then_some((&b"00000001"[..], cnonce.as_bytes()));
        let response = response(self.algorithm, &ha1, &self.nonce, quality, method, uri.as_bytes());
        let mut value = format!(
            "Digest username={}, realm={}, nonce={}, uri=\"{uri}\", response=\"{response}\", algorithm={}",
            text(name.as_bytes()),
            text(&self.realm),
            text(&self.nonce),
            self.algorithm.name()
        );
        if self.quality {
            let _ = write!(value, ", qop=auth, nc=00000001, cnonce=\"{cnonce}\"");
        }
        if let Some(opaque) = &self.opaque {
            let _ = write!(value, ", opaque={}", text(opaque));
        }
        value
    }
}

/// What a nonce that came back is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NonceAge {
    /// Ours and still good.
    Fresh,
    /// Ours but too old, or made before a restart: whoever proves the password with it is asked again with `stale=true`.
    Stale,
}

/// Makes nonces that carry their own time and seal, so that none has to be remembered and no flood fills a table.
#[derive(Debug)]
pub struct Nonces {
    secret: [u8; 32],
}

impl Nonces {
    /// `secret` is random.
    pub fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// A nonce of this moment.
    pub fn issue(&self, now: Duration) -> String {
        let time = format!("{:012x}", now.as_millis());
        let seal = self.seal(time.as_bytes());
        time + &seal
    }

    /// Judges a nonce.
    pub fn age(&self, nonce: &[u8], now: Duration) -> NonceAge {
        let (Some(time), Some(seal)) = (nonce.get(..12), nonce.get(12..)) else { return NonceAge::Stale };
        let issued = std::str::from_utf8(time).ok().and_then(|time| u64::from_str_radix(time, 16).ok());
        let age = issued.and_then(|issued| now.checked_sub(Duration::from_millis(issued)));
        let ours = equal_in_constant_time(self.seal(time).as_bytes(), seal);
        match age {
            Some(age) if ours && age <= Duration::from_secs(NONCE_LIFETIME_S) => NonceAge::Fresh,
            _ => NonceAge::Stale,
        }
    }

    fn seal(&self, time: &[u8]) -> String {
        hex(&sha2::Sha256::new().chain_update(self.secret).chain_update(time).finalize()[..16])
    }
}

/// The hash functions to offer to this User-Agent, in the order of preference. RFC 8760 wants one header for each, the
/// strongest first, and a client to skip those that it does not know. Some give up instead, wherever the header stands,
/// and who does not say what he is gets what everybody understands.
pub(crate) fn offered_to(user_agent: &[u8]) -> &'static [Algorithm] {
    if user_agent.is_empty() || knows_md5_only(user_agent) {
        &[Algorithm::Md5]
    } else {
        &[Algorithm::Sha256, Algorithm::Md5]
    }
}

/// baresip before 3.12: its libre fails a registration at any challenge that is not MD5 (`auth_handler` in
/// src/sip/auth.c). SIPp before 3.7 looks at the first challenge only and knows no other hash.
fn knows_md5_only(user_agent: &[u8]) -> bool {
    let user_agent = String::from_utf8_lossy(user_agent).to_ascii_lowercase();
    let Some(version) = user_agent.strip_prefix("baresip v") else { return user_agent.starts_with("sipp") };
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0_u32));
    (numbers.next(), numbers.next()) < (Some(3), Some(12))
}

/// The value of one WWW-Authenticate header.
pub(crate) fn challenge(realm: &str, nonce: &str, algorithm: Algorithm, stale: bool) -> String {
    let realm = crate::message::quoted(realm);
    let stale = if stale { ", stale=true" } else { "" };
    format!("Digest realm={realm}, nonce=\"{nonce}\", algorithm={}, qop=\"auth\"{stale}", algorithm.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RFC_7616: &str = r#"Digest username="Mufasa", realm="http-auth@example.org", uri="/dir/index.html",
        nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", nc=00000001,
        cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", qop=auth,
        opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS", "#;

    #[test]
    fn vectors_of_rfc_7616_section_3_9_1() {
        let (name, realm, password) = ("Mufasa", "http-auth@example.org", "Circle of Life");
        let table = [
            ("algorithm=MD5, response=\"8ca523f5e9506fed4657c9700eebdbec\"", ha1_md5(name, realm, password)),
            (
                "algorithm=SHA-256, response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\"",
                ha1_sha256(name, realm, password),
            ),
        ];
        for (response, ha1) in table {
            let credentials = Credentials::parse(format!("{RFC_7616}{response}").as_bytes()).expect("good");
            assert!(credentials.proves(b"GET", &ha1), "{response}");
            assert!(!credentials.proves(b"POST", &ha1));
            assert!(!credentials.proves(b"GET", &ha1_md5(name, realm, "wrong")));
        }
    }

    #[test]
    fn vector_of_rfc_2617_section_3_5_and_its_form_without_qop() {
        let header = r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1""#;
        let ha1 = ha1_md5("Mufasa", "testrealm@host.com", "Circle Of Life");
        assert_eq!(ha1, "939e7578ed9e3c518a452acee763bce9");
        assert!(Credentials::parse(header.as_bytes()).expect("good").proves(b"GET", &ha1));

        let old = r#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",
            uri="/dir/index.html", response="670fd8c2df070c60b045671b8b24ff02""#;
        assert!(Credentials::parse(old.as_bytes()).expect("good").proves(b"GET", &ha1));
    }

    #[test]
    fn the_count_is_thirty_two_bits_of_hex() {
        let challenge = Challenge::parse(challenge("r", "n", Algorithm::Md5, false).as_bytes()).expect("good");
        let answer = challenge.answer("8001", "secret", b"REGISTER", "sip:r", "c");
        for (nc, count) in [("00000001", 1), ("0000000a", 10), ("00000100", 256), ("ffffffff", u32::MAX)] {
            let header = answer.replace("00000001", nc);
            let credentials = Credentials::parse(header.as_bytes()).expect(nc);
            assert_eq!(credentials.quality.map(|quality| quality.count), Some(count));
        }
        for bad in ["1", "000000001", "0000000g"] {
            assert!(Credentials::parse(answer.replace("00000001", bad).as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn our_client_answers_what_our_server_asks() {
        for algorithm in [Algorithm::Md5, Algorithm::Sha256] {
            let challenge = challenge("de\"mo", "nonce", algorithm, true);
            let challenge = Challenge::parse(challenge.as_bytes()).expect("good");
            assert!(challenge.stale);
            let answer = challenge.answer("80 01", "geheim", b"INVITE", "sip:601@h", "cc");
            let ha1 = algorithm.hash(&[b"80 01", b"de\"mo", b"geheim"]);
            assert!(Credentials::parse(answer.as_bytes()).expect("good").proves(b"INVITE", &ha1));
        }
    }

    #[test]
    fn nonces_grow_old_and_cannot_be_forged() {
        let nonces = Nonces::new([7; 32]);
        let nonce = nonces.issue(Duration::from_secs(10));
        assert_eq!(nonces.age(nonce.as_bytes(), Duration::from_secs(310)), NonceAge::Fresh);
        assert_eq!(nonces.age(nonce.as_bytes(), Duration::from_secs(311)), NonceAge::Stale);
        assert_eq!(Nonces::new([8; 32]).age(nonce.as_bytes(), Duration::from_secs(10)), NonceAge::Stale);
        for forged in ["", "000000002710", "zz", &format!("ffffffffffff{}", &nonce[12..])] {
            assert_eq!(nonces.age(forged.as_bytes(), Duration::from_secs(10)), NonceAge::Stale, "{forged}");
        }
    }

    #[test]
    fn old_clients_are_offered_md5_only() {
        let both = [Algorithm::Sha256, Algorithm::Md5];
        let table: [(&str, &[Algorithm]); 7] = [
            ("baresip v1.0.0 (x86_64/linux)", &[Algorithm::Md5]),
            ("baresip v3.11.0 (x86_64/Linux)", &[Algorithm::Md5]),
            ("baresip v3.12.0 (x86_64/Linux)", &both),
            ("baresip v4.0.0 (x86_64/Linux)", &both),
            ("SIPp/linux", &[Algorithm::Md5]),
            ("", &[Algorithm::Md5]),
            ("Linphone/5.1.65", &both),
        ];
        for (user_agent, offered) in table {
            assert_eq!(offered_to(user_agent.as_bytes()), offered, "{user_agent}");
        }
    }
}
