//! Passwords, kept as argon2id hashes.

use argon2::password_hash::phc::{Output, PasswordHash};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
use zxcvbn::{Score, zxcvbn};

use crate::error::CouncilError;
use crate::machine::environment::Environment;
use crate::machine::hashing::Hashing;
use crate::refused::{LEAST_PASSWORD, Refused};
use crate::service::{NAME, Service};

/// A hash that no password matches, for users who do not exist.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The passwords of twelve letters or more among the million that leaked most often, in small
/// letters and in order: those of the ten million that Mark Burnett published in 2015, as the
/// `SecLists` project (MIT) has them.
const LEAKED: &str = include_str!("long_passwords.txt");

/// The hash that is stored for a password. Line endings after the password are ignored. `about` are
/// words that whoever guesses tries first, such as the user name.
///
/// # Errors
/// [`Refused::ShortPassword`] when it is shorter than [`LEAST_PASSWORD`]; [`Refused::WeakPassword`]
/// when it is easy to guess: fewer than 100 million guesses, as zxcvbn reckons with common
/// passwords, names, rows of keys and dates, or one that leaked often elsewhere.
pub(crate) fn hash(password: &str, about: &[&str], environment: &Environment) -> Result<String, CouncilError> {
    let password = password.trim_end_matches(['\r', '\n']);
    if password.chars().count() < LEAST_PASSWORD {
        return Err(Refused::ShortPassword.into());
    }
    if has_leaked(password) || zxcvbn(password, about).score() < Score::Three {
        return Err(Refused::WeakPassword.into());
    }
    let salt: [u8; 16] = environment.random();
    let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
    Ok(hash.map_err(|_| Refused::WeakPassword)?.to_string())
}

/// Whether a password is one that leaked often elsewhere, in capitals or not.
fn has_leaked(password: &str) -> bool {
    let typed = password.trim().to_lowercase();
    LEAKED.lines().any(|leaked| leaked == typed)
}

/// Words that somebody who guesses at a council tries first.
const BLOCKED: [&str; 43] = [
    "correcthorsebatterystaple",
    "doorstep",
    "council",
    "borough",
    "county",
    "district",
    "city",
    "housing",
    "tenant",
    "tenancy",
    "landlord",
    "repairs",
    "visits",
    "officer",
    "contractor",
    "safeguarding",
    "supervisor",
    "manager",
    "administrator",
    "admin",
    "auditor",
    "password",
    "passphrase",
    "welcome",
    "letmein",
    "iloveyou",
    "changeme",
    "secret",
    "login",
    "summer",
    "winter",
    "spring",
    "autumn",
    "united",
    "football",
    "arsenal",
    "chelsea",
    "liverpool",
    "manchester",
    "qwerty",
    "forever",
    "2026",
    "123",
];

/// How many letters and digits a password has at least beside those words.
const LEAST_OTHERS: usize = 8;

/// The hash of a new password for somebody. Their names, the council's and the program's are what
/// is guessed first.
///
/// # Errors
/// As [`hash`].
pub(crate) fn new_hash(service: &Service, user: &str, name: &str, password: &str) -> Result<String, CouncilError> {
    let council = service.storage.read(|reading| reading.meta(NAME))?;
    let about = [user, name, council.as_str()];
    let is_long = password.trim_end_matches(['\r', '\n']).chars().count() >= LEAST_PASSWORD;
    if is_long && beside_what_is_guessed(password, &about) < LEAST_OTHERS {
        return Err(Refused::WeakPassword.into());
    }
    service.hashing.install(|| hash(password, &about, &service.environment))
}

/// A password that nobody chose: 80 random bits, as four groups of four letters and digits that
/// can be read out. None of them looks like another, so there is no l and no o, no 0 and no 1.
pub(crate) fn drawn(environment: &Environment) -> String {
    let drawn = data_encoding::BASE32_NOPAD
        .encode(&environment.random::<10>())
        .to_lowercase()
        .replace('l', "8")
        .replace('o', "9");
    let groups: Vec<&str> = (0..4).filter_map(|group| drawn.get(group * 4..group * 4 + 4)).collect();
    groups.join("-")
}

/// How many letters and digits of a password are left without the words that are guessed first:
/// [`BLOCKED`], and those of these names.
fn beside_what_is_guessed(password: &str, names: &[&str]) -> usize {
    let lowercase = |text: &str| text.to_lowercase();
    let of_names = names.iter().flat_map(|name| name.split(|c: char| !c.is_alphanumeric())).map(lowercase);
    let mut words: Vec<String> = of_names.filter(|word| word.chars().count() > 2).collect();
    words.extend(BLOCKED.map(str::to_owned));
    // The longest first, so that a short word does not break a long one.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let mut left: String = lowercase(password).chars().filter(|c| c.is_alphanumeric()).collect();
    for word in words {
        left = left.replace(&word, " ");
    }
    left.chars().filter(|c| c.is_alphanumeric()).count()
}

/// Whether somebody chose the same password again, with blanks around it or in capitals.
pub(crate) fn is_the_same(old: &str, new: &str) -> bool {
    old.trim().to_lowercase() == new.trim().to_lowercase()
}

/// Whether a password matches the hash. Without a hash it takes as long to answer, so that the time
/// does not show which users exist.
pub(crate) fn verifies(hashing: &Hashing, password: &str, hash: Option<&str>) -> bool {
    is_hash_of(hashing, password, hash.unwrap_or(NOBODY)).unwrap_or(false) && hash.is_some()
}

/// Whether a stored hash is that of a password. `None` when it can't be read.
fn is_hash_of(hashing: &Hashing, password: &str, hash: &str) -> Option<bool> {
    let stored = PasswordHash::new(hash).ok()?;
    let (salt, expected) = (stored.salt?, stored.hash?);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::try_from(&stored).ok()?);
    let mut made = vec![0; expected.len()];
    hashing.with_memory(argon2.params().block_count(), |memory| {
        argon2.hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut made, memory).ok()
    })?;
    // This compares all bytes, whichever differ.
    Some(Output::new(&made).ok()? == expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_that_no_password_is_made_of_are_on_the_page() {
        let page = include_str!("../../../../docs/deploy.md");
        let (_, page) = page.split_once("These words are: ").unwrap();
        let (page, _) = page.split_once(". So are").unwrap();
        let on_it: Vec<&str> = page.split(|c: char| !c.is_alphanumeric()).filter(|word| *word != "and").collect();
        let mut on_it: Vec<&str> = on_it.into_iter().filter(|word| !word.is_empty()).collect();
        let mut blocked = BLOCKED.to_vec();
        on_it.sort_unstable();
        blocked.sort_unstable();
        assert_eq!(on_it, blocked);
    }

    #[test]
    fn a_password_of_words_that_are_guessed_first_has_little_beside_them() {
        let names = ["super-1", "Joan Pickering", "Melton Borough Council"];
        let is_weak = |password: &str| beside_what_is_guessed(password, &names) < LEAST_OTHERS;
        for weak in [
            "JoanPickering1",
            "joan.pickering.2026",
            "MeltonBoroughCouncil",
            "Doorstep2026!!",
            "Council2026!!!",
            "letmein-letmein",
            "iloveyou-forever",
            "Manchester United",
        ] {
            assert!(is_weak(weak), "{weak}");
        }
        for strong in ["otter jumps over 4 kettles", "nine quiet ferns at dusk", "Joan keeps eleven green hats"] {
            assert!(!is_weak(strong), "{strong}");
        }
    }

    #[test]
    fn a_password_is_taken_as_it_was_typed_whatever_its_letters_and_its_length() {
        let environment = Environment::real();
        let hashing = Hashing::on(rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap());
        let verifies = |password: &str, hash: Option<&str>| super::verifies(&hashing, password, hash);
        for typed in
            ["otter jumps over 4 kettles", " Кот сидит у печи 4 ", "otter jumps over 4 kettles, ".repeat(9).trim()]
        {
            let kept = hash(typed, &[], &environment).unwrap();
            assert!(kept.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{kept}");
            assert!(verifies(typed, Some(&kept)));
            let mut cut = typed.to_owned();
            assert!(cut.pop().is_some());
            let capital = typed.to_uppercase();
            for other in [cut.as_str(), capital.as_str(), &format!("{typed} "), &format!("{typed}x")] {
                assert!(!verifies(other, Some(&kept)), "{other} is not {typed}");
            }
        }
        assert!(!verifies("otter jumps over 4 kettles", None));
    }

    #[test]
    fn a_password_that_is_given_is_drawn_anew_each_time_and_is_taken() {
        let environment = Environment::real();
        let (one, another) = (drawn(&environment), drawn(&environment));
        assert_ne!(*one, *another);
        assert_eq!(one.split('-').map(str::len).collect::<Vec<_>>(), [4; 4]);
        assert!(!one.contains(['l', 'o', '0', '1']), "{one}");
        assert!(hash(&one, &["super-1"], &environment).is_ok());
    }

    #[test]
    fn a_password_that_is_long_and_easy_to_guess_is_refused() {
        let environment = Environment::real();
        assert!(LEAKED.lines().count() > 3_000);
        // The guesses of zxcvbn alone would take the first two.
        for leaked in ["!4polskaviza$", "!4POLSKAVIZA$ ", "eveningcucumber"] {
            assert!(hash(leaked, &[], &environment).is_err(), "{leaked}");
        }
        assert!(zxcvbn("!4polskaviza$", &[]).score() >= Score::Three, "only the list refuses it");
        let taken = |password: &str| hash(password, &["super-1", "Joan Pickering"], &environment).is_ok();
        for weak in ["short", "aaaaaaaaaaaa", "123456789012", "qwertyuiop12", "passwordpassword", "Joan Pickering"] {
            assert!(!taken(weak), "{weak}");
        }
        for strong in ["correct horse battery", "otter jumps over 4 kettles\n"] {
            assert!(taken(strong), "{strong}");
        }
    }
}
