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
        (
            vec!["salvage", "--recovery-key", &other, "--out", &shown],
            "that is not the recovery key to which that journal is sealed",
        ),
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

/// What `salvage` writes of a phone, by the name of the file; and what it says.
fn salvaged(phone: &Phone, folder: &Path, key: &Path, out: &Path) -> (BTreeMap<PathBuf, Vec<u8>>, String) {
    let shown = |path: &Path| path.display().to_string();
    let told = phone.does(&["salvage", &shown(folder), "--recovery-key", &shown(key), "--out", &shown(out)]);
    let files = files(out).into_iter().map(|(path, bytes)| (path.strip_prefix(out).unwrap().to_owned(), bytes));
    (files.collect(), told)
}

#[test]
fn nothing_that_is_salvaged_tells_whether_there_is_a_note_and_a_breach_is_given_apart() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let council = TestCouncil::open();
    council.does(&["publish-recovery-key", &recovery_key(&council, &key)]);
    let (phone, first) = with_a_visit(&council, folder.path());
    // What is apart comes before another visit once, and after it once.
    phone.does(&["visit", "concern", &first, "--kind", "breach", "--words", "They smoked in the kitchen"]);
    let second = phone.starts("WO-261124-00006");
    phone.does(&["visit", "no-answer", &second]);
    let other = phone.cloned();
    other.does(&["visit", "flag", &first, "--kind", "safeguarding", "--note", SEALED]);
    let of = |phone: &Phone, out: &str| salvaged(phone, &phone.store(), &key, &folder.path().join(out));
    let ((without, told), (with, told_too)) = (of(&phone, "without"), of(&other, "with"));
    assert_eq!(told.replace("without", "with"), told_too, "nothing that is said differs");
    let names = |files: &BTreeMap<PathBuf, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&without), names(&with));
    for (name, file) in without.iter().filter(|(name, _)| !name.ends_with("notes.age")) {
        assert_eq!(Some(file), with.get(name), "{}", name.display());
    }
    let breaches: Value = serde_json::from_slice(&with[Path::new("breaches.json")]).unwrap();
    assert_eq!(breaches[0]["visit"].as_str(), Some(&*first));
    assert!(breaches[0].to_string().contains("They smoked in the kitchen"));
    assert!(!String::from_utf8_lossy(&with[Path::new("visits.json")]).contains("smoked"));
}

#[test]
fn what_is_left_of_a_damaged_journal_is_given_and_other_journals_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    let council = TestCouncil::open();
    council.does(&["publish-recovery-key", &recovery_key(&council, &key)]);
    let (phone, _) = with_a_visit(&council, folder.path());
    let damaged = phone.cloned();
    // Nothing but the last pieces can be read: whose it is stands in the first.
    let journal = damaged.store().join("doorstep.journal");
    let mut bytes = fs::read(&journal).unwrap();
    let pieces: Vec<usize> =
        bytes.windows(4).enumerate().filter(|(_, four)| *four == [0xD0, 0x0E, 0x57, 0xE9]).map(|(at, _)| at).collect();
    for at in &pieces[..pieces.len() - 8] {
        bytes[*at] = 0;
    }
    fs::write(&journal, bytes).unwrap();
    let (files, told) = salvaged(&damaged, &damaged.store(), &key, &folder.path().join("out"));
    assert!(told.contains("It does not say whose it is"), "{told}");
    assert!(told.contains("A part of the journal is damaged"), "{told}");
    assert!(tell_of(&files, SAID), "what can be read is there");
    // Another enrolment of the phone has another folder.
    phone.does(&[
        "enrol",
        "--server",
        &format!("http://{}", council.address()),
        "--code",
        &council.code_for("melton-4"),
    ]);
    let (_, told) = salvaged(&phone, &phone.store(), &key, &folder.path().join("former"));
    let stores = fs::read_dir(phone.store().join("stores")).unwrap().next().unwrap().unwrap().path();
    assert!(told.contains(&stores.display().to_string()), "the other enrolment's is named: {told}");
}
