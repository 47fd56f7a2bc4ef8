//! What a phone had to send whose keys are gone: it opens with the council's recovery key, with
//! nothing else, and tells no more than it must.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use doorstep_core::http::HttpConnect;
use doorstep_core::keys::FileKeyStore;
use doorstep_core::{App, Environment, OsRandomness, RealDisk, SignIn, SystemClock};
use doorstep_tests::harness::{Phone, TestCouncil, sample};
use serde_json::Value;

const APPOINTMENT: &str = "WO-261124-00009";
/// Words that stand in nothing else.
const SAID: &str = "the boiler smells of chrysanthemums";
const SEALED: &str = "an orange marmoset";
const TYPED: &str = "half a sentence about a walrus";

/// A recovery key: its secret half in a file, and its public half.
fn recovery_key(council: &TestCouncil, file: &Path) -> String {
    council.runs(&["recovery-key", "--out", &file.display().to_string()]).trim().to_owned()
}

/// A phone that knows the council's recovery key, with a visit that was not sent: what somebody
/// said, a photo, a sealed note and a half-typed text.
fn with_a_visit(council: &TestCouncil, folder: &Path) -> (Phone, String) {
    council.does(&["import-appointments", &sample("appointments-2026-11-24.csv").display().to_string()]);
    let phone = Phone::of("melton-2", council, council.address());
    let visit = phone.enters(APPOINTMENT);
    let picture = folder.join("picture.jpg");
    fs::write(&picture, doorstep_tests::sample::photo(600)).unwrap();
    phone.does(&["visit", "photo", &visit, &picture.display().to_string(), "--purpose", "before"]);
    phone.does(&["visit", "concern", &visit, "--kind", "unsafe-condition", "--hazard", "gas", "--words", SAID]);
    phone.does(&["visit", "flag", &visit, "--kind", "safeguarding", "--note", SEALED]);
    half_typed(&phone);
    (phone, visit)
}

/// Types a text on the phone, and does not finish it.
fn half_typed(phone: &Phone) {
    let keys = FileKeyStore::new(&phone.store().parent().unwrap().join("keys"), "a passphrase for a test");
    let environment = Environment {
        clock: Arc::new(SystemClock),
        randomness: Arc::new(OsRandomness),
        keys: Arc::new(keys),
        disk: Arc::new(RealDisk),
        connect: Arc::new(HttpConnect),
        sign_in: SignIn::ByKeyStore,
    };
    App::open(&phone.store(), environment).unwrap().keep_draft("words", TYPED).unwrap();
}

/// Every file of a folder, with what is in it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() {
            all.extend(files(&entry.path()));
        } else {
            all.insert(entry.path(), fs::read(entry.path()).unwrap());
        }
    }
    all
}

fn tell_of(files: &BTreeMap<PathBuf, Vec<u8>>, words: &str) -> bool {
    files.values().any(|file| file.windows(words.len()).any(|part| part == words.as_bytes()))
}

#[test]
fn what_a_phone_without_its_keys_had_to_send_opens_with_the_recovery_key_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let [safe, other, out] = ["safe.key", "other.key", "out"].map(|name| folder.path().join(name));
    let council = TestCouncil::open();
    let public = recovery_key(&council, &safe);
    recovery_key(&council, &other);
    council.does(&["publish-recovery-key", &public]);
    let (phone, visit) = with_a_visit(&council, folder.path());
    fs::remove_file(phone.store().parent().unwrap().join("keys")).unwrap();
    let refused = phone.tries(&["status"]);
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the key to the visits on this device is missing"));

    let before = files(&phone.store());
    assert!(![SAID, SEALED].iter().any(|words| tell_of(&before, words)), "nothing is in the clear");
    let [safe, other, shown] = [&safe, &other, &out].map(|path| path.display().to_string());
    for (words, says) in [
        (vec!["salvage", "--out", &shown], "the key store has no key for that journal"),
        (vec!["salvage", "--recovery-key", &other, "--out", &shown], "does not open that journal"),
        (vec!["salvage", "--recovery-key", &public, "--out", &shown], "can't be read"),
    ] {
        let refused = phone.tries(&words);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(says), "{words:?}: {said}");
        assert!(!out.exists(), "nothing is half-written");
    }
    let told = phone.does(&["salvage", "--recovery-key", &safe, "--out", &shown]);
    assert!(told.contains("Dafydd Ó Briain (melton-2) at Melton Borough Council"), "{told}");
    assert!(told.contains("1 visit and 1 photo are"), "{told}");
    assert!(
        told.contains(
            "9 records never reached the council. What was said to the safeguarding lead alone, if anything,"
        ),
        "{told}"
    );
    assert_eq!(files(&phone.store()), before, "the phone's own files are as they were");

    let salvaged = files(&out);
    assert!(tell_of(&salvaged, SAID) && !tell_of(&salvaged, SEALED) && !tell_of(&salvaged, TYPED));
    let visits: Value = serde_json::from_slice(&salvaged[&out.join("visits.json")]).unwrap();
    let found = &visits["visits"][0];
    assert_eq!((found["visit"].as_str(), found["appointment"].as_str()), (Some(&*visit), Some(APPOINTMENT)));
    assert_eq!(found["steps"]["id_shown"]["state"], "done");
    assert_eq!(found["concerns"][0]["concern"]["words"], SAID, "{found}");
    assert_eq!(salvaged.keys().filter(|file| file.starts_with(out.join("photos"))).count(), 1);
    assert_eq!((found["waiting"].as_i64(), visits["waiting"].as_i64()), (Some(9), Some(9)), "a note does not count");
    let notes = opened_by_the_lead(&council, &salvaged[&out.join("notes.age")]);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].contains(SEALED));
}

/// The notes in a salvaged file, which the council's key for notes opens.
fn opened_by_the_lead(council: &TestCouncil, sealed: &[u8]) -> Vec<String> {
    let identity = fs::read_to_string(council.data().join("keys/safeguarding.age-identity")).unwrap();
    let identity: age::x25519::Identity = identity.trim().parse().unwrap();
    let plain = age::decrypt(&identity, sealed).unwrap();
    let notes: Vec<minicbor::bytes::ByteVec> = minicbor::decode(&plain).unwrap();
    notes.iter().map(|note| String::from_utf8_lossy(&age::decrypt(&identity, note).unwrap()).into_owned()).collect()
}

#[test]
fn what_a_phone_set_aside_opens_with_its_own_keys() {
    let folder = tempfile::tempdir().unwrap();
    let council = TestCouncil::open();
    let (phone, visit) = with_a_visit(&council, folder.path());
    let database = phone.store().join("doorstep.db");
    let length = fs::metadata(&database).unwrap().len();
    fs::File::options().write(true).open(&database).unwrap().set_len(length / 2).unwrap();
    assert!(phone.does(&["status"]).contains("The file of visits was damaged or gone"));
    let kept = fs::read_dir(phone.store().join("set-aside")).unwrap().next().unwrap().unwrap().path();
    let out = folder.path().join("out");
    let told = phone.does(&["salvage", &kept.display().to_string(), "--out", &out.display().to_string()]);
    assert!(told.contains("1 visit and 1 photo are in"), "{told}");
    let visits: Value = serde_json::from_slice(&fs::read(out.join("visits.json")).unwrap()).unwrap();
    assert_eq!(visits["visits"][0]["visit"].as_str(), Some(&*visit));
    // A folder that is there is not written into, and one without a journal is none.
    let again = phone.tries(&["salvage", &kept.display().to_string(), "--out", &out.display().to_string()]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("Name a folder that does not exist"));
    let none = phone.tries(&["salvage", &out.display().to_string(), "--out", "nowhere"]);
    assert!(String::from_utf8_lossy(&none.stderr).contains("there is no journal in that folder"));
}
