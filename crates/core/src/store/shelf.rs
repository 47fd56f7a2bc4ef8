//! The stores on a phone: one for each enrolment, each with a folder and keys of its own. One of
//! them is the current one. The others show nothing, and go on sending by themselves until there is
//! nothing left to send.
//!
//! The first store of a phone is in the folder of visits itself, the others in folders below it. A
//! file names the current one. It is replaced in one step, so a kill leaves the former store or the
//! new one.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::journal::{self, flush_folder};
use crate::environment::Environment;
use crate::keys::{KeyStore, KeyStoreError, Secret};

/// The file that names the current store.
const CURRENT: &str = "doorstep.current";
/// The folder of all stores but the first.
const STORES: &str = "stores";

/// Where a store is, and what it gets from outside: its keys have names of their own.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) environment: Environment,
}

/// The keys of one store among others.
struct OfOneStore {
    keys: Arc<dyn KeyStore>,
    store: String,
}

impl OfOneStore {
    fn name(&self, name: &str) -> String {
        named_for(name, &self.store)
    }
}

impl KeyStore for OfOneStore {
    fn get(&self, name: &str) -> Result<Option<Secret>, KeyStoreError> {
        self.keys.get(&self.name(name))
    }

    fn set(&self, name: &str, secret: &Secret) -> Result<(), KeyStoreError> {
        self.keys.set(&self.name(name), secret)
    }

    fn remove(&self, name: &str) -> Result<(), KeyStoreError> {
        self.keys.remove(&self.name(name))
    }
}

fn named_for(name: &str, store: &str) -> String {
    format!("{name} of {store}")
}

/// What a key of the store of this folder is called in the key store: the folder of a store, or one
/// below it.
pub(crate) fn name_of(folder: &Path, name: &str) -> String {
    let store = folder.ancestors().find(|folder| folder.parent().is_some_and(|above| above.ends_with(STORES)));
    match store.and_then(Path::file_name) {
        Some(store) => named_for(name, &store.to_string_lossy()),
        None => name.to_owned(),
    }
}

/// The current store of a folder of visits.
///
/// # Errors
/// What the file says can't be read.
pub(crate) fn current(base: &Path, environment: &Environment) -> io::Result<Place> {
    Ok(match named(base)? {
        Some(name) => place(base, environment, &name),
        None => first(base, environment),
    })
}

/// The stores that are not the current one, in no particular order.
///
/// # Errors
/// The folder can't be read.
pub(crate) fn former(base: &Path, environment: &Environment) -> io::Result<Vec<Place>> {
    let current = named(base)?;
    let mut all = Vec::new();
    if current.is_some() && journal::exists(base) {
        all.push(first(base, environment));
    }
    let stores = match fs::read_dir(base.join(STORES)) {
        Ok(stores) => stores,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(all),
        Err(error) => return Err(error),
    };
    for store in stores {
        let name = store?.file_name().to_string_lossy().into_owned();
        let place = place(base, environment, &name);
        if Some(&name) != current.as_ref() && journal::exists(&place.folder) {
            all.push(place);
        }
    }
    Ok(all)
}

/// A place for one more store.
pub(crate) fn another(base: &Path, environment: &Environment) -> Place {
    place(base, environment, &data_encoding::HEXLOWER.encode(&environment.random::<8>()))
}

/// Makes a store the current one. A kill leaves the one before, or this one.
///
/// # Errors
/// The one before is still the current one.
pub(crate) fn make_current(base: &Path, place: &Place) -> io::Result<()> {
    let name = place.folder.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = base.join("doorstep.current.new");
    let mut file = fs::File::create(&beside)?;
    file.write_all(name.as_bytes())?;
    file.sync_all()?;
    fs::rename(&beside, base.join(CURRENT))?;
    flush_folder(base)
}

/// Takes away the folder of a store that was ended. It stays if there is something else in it: the
/// other stores, or a damaged file that was set aside.
pub(crate) fn take_away(folder: &Path) {
    let _not_empty = fs::remove_dir(folder);
}

fn named(base: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(base.join(CURRENT)) {
        Ok(name) => Ok(Some(name)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn first(base: &Path, environment: &Environment) -> Place {
    Place { folder: base.to_owned(), environment: environment.clone() }
}

fn place(base: &Path, environment: &Environment, name: &str) -> Place {
    let keys = OfOneStore { keys: Arc::clone(&environment.keys), store: name.to_owned() };
    let environment = Environment { keys: Arc::new(keys), ..environment.clone() };
    Place { folder: base.join(STORES).join(name), environment }
}
