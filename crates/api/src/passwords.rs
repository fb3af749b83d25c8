//! Makes and checks password hashes (Argon2id) and session tokens. Knows neither users nor the store.

use crate::wording::Code;
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};
use tokio::sync::Semaphore;

/// Checks at the same time. Each takes 19 MiB and about 30 ms of a core; a shift's log-ins at 08:00 wait in line.
const CHECKS_MAX: usize = 2;
/// An attempt that gets no turn in this time is answered "busy".
const TURN_WAIT: Duration = Duration::from_secs(5);
/// Random bytes of a token: beyond guessing.
const TOKEN_BYTES: usize = 32;
/// Random bytes of a salt (RFC 9106 section 3.1 recommends 16).
const SALT_BYTES: usize = 16;
/// Longer passwords are refused; nobody types them, and each byte is hashed.
pub const PASSWORD_BYTES_MAX: usize = 1024;

/// Checks passwords off the async threads, a few at a time.
#[derive(Clone, Debug)]
pub struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Passwords { turns: Arc::new(Semaphore::new(CHECKS_MAX)) }
    }
}

impl Passwords {
    /// Whether the password belongs to the hash; without a hash (unknown user) as much work is done in vain, so that
    /// the time it takes tells nothing.
    ///
    /// # Errors
    /// [`Code::Busy`] when too many others wait.
    pub async fn check(&self, password: String, hash: Option<String>) -> Result<bool, Code> {
        self.work(move || match hash {
            Some(hash) => verify(&password, &hash),
            None => {
                verify(&password, nobody());
                false
            }
        })
        .await
    }

    /// The hash to store for a password.
    ///
    /// # Errors
    /// [`Code::Busy`] when too many others wait.
    pub async fn hash(&self, password: String) -> Result<String, Code> {
        self.work(move || hash_password(&password)).await
    }

    async fn work<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, Code> {
        let turn = tokio::time::timeout(TURN_WAIT, self.turns.clone().acquire_owned());
        let Ok(Ok(turn)) = turn.await else { return Err(Code::Busy) };
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| Code::Busy)
    }
}

/// Hashes a password with a fresh salt, in the PHC text form. Takes about 30 ms: not for async threads.
pub fn hash_password(password: &str) -> String {
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &random::<SALT_BYTES>())
        .expect("the salt has the length the algorithm asks for");
    hash.to_string()
}

fn verify(password: &str, hash: &str) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else {
        tracing::error!("a stored password hash is damaged");
        return false;
    };
    Argon2::default().verify_password(password.as_bytes(), &hash).is_ok()
}

/// The hash of a password nobody knows, made with the same effort as real ones.
fn nobody() -> &'static str {
    static NOBODY: OnceLock<String> = OnceLock::new();
    NOBODY.get_or_init(|| hash_password(&new_token()))
}

/// A new session token: 256 random bits as text.
pub fn new_token() -> String {
    URL_SAFE_NO_PAD.encode(random::<TOKEN_BYTES>())
}

/// What is stored of a token (hexadecimal SHA-256): a thief of the database cannot log in with it. The token is random, so one round suffices.
pub fn token_hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Random bytes of the operating system.
pub fn random<const BYTES: usize>() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    // Without chance there is no safe way to go on.
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_right_password_alone_is_accepted() {
        let passwords = Passwords::default();
        let hash = passwords.hash("小心 horse".into()).await.unwrap();
        for (password, hash, accepted) in [
            ("小心 horse", Some(hash.clone()), true),
            ("小心 Horse", Some(hash), false),
            ("小心 horse", None, false),
            ("小心 horse", Some("damaged".to_owned()), false),
        ] {
            assert_eq!(passwords.check(password.into(), hash).await, Ok(accepted));
        }
    }

    #[test]
    fn tokens_differ_and_are_256_bits_long() {
        let (one, other) = (new_token(), new_token());
        assert_ne!(one, other);
        assert_eq!(URL_SAFE_NO_PAD.decode(one).unwrap().len(), 32);
    }

    #[tokio::test(start_paused = true)]
    async fn a_crowd_is_told_to_come_back() {
        let passwords = Passwords::default();
        let _turns = passwords.turns.acquire_many(CHECKS_MAX as u32).await.unwrap();
        assert_eq!(passwords.check("x".into(), None).await, Err(Code::Busy));
    }
}
