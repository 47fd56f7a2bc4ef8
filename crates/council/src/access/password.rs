//! Passwords, kept as argon2id hashes.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};

use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::refused::Refused;

/// The fewest characters that a password can have.
pub const LEAST_PASSWORD: usize = 12;

/// A hash that no password matches, for users who do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The hash that is stored for a password. Line endings after the password are ignored.
///
/// # Errors
/// [`Refused::WeakPassword`] when it is shorter than [`LEAST_PASSWORD`].
pub(crate) fn hash(password: &str, environment: &Environment) -> Result<String, CouncilError> {
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < LEAST_PASSWORD {
        return Err(Refused::WeakPassword.into());
    }
    let salt: [u8; 16] = environment.random();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| Refused::WeakPassword)?.to_string())
}

/// Whether a password matches the hash. Without a hash it takes as long to answer, so that the time
/// does not show which users exist.
pub(crate) fn verifies(password: &str, hash: Option<&str>) -> bool {
    PasswordHash::new(hash.unwrap_or(NOBODY))
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
        && hash.is_some()
}
