//! The digests of a phone's password, as SIP wants them. The password itself goes no further than here.

use md5::Md5;
use sha2::{Digest, Sha256};

/// Digests of `user:realm:password` in hexadecimal (RFC 7616 section 3.4.2).
#[derive(Clone, PartialEq, Eq)]
pub struct Ha1 {
    /// By MD5, for phones that know nothing better.
    pub md5: String,
    /// By SHA-256.
    pub sha256: String,
}

/// Digests an extension's password.
pub fn ha1(user: &str, realm: &str, password: &str) -> Ha1 {
    let text = format!("{user}:{realm}:{password}");
    Ha1 { md5: hex(&Md5::digest(&text)), sha256: hex(&Sha256::digest(&text)) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_the_example_in_rfc_2617_comes_out() {
        // RFC 2617 section 3.5 gives the response; the HA1 it rests on is well known.
        assert_eq!(ha1("Mufasa", "testrealm@host.com", "Circle Of Life").md5, "939e7578ed9e3c518a452acee763bce9");
    }
}
