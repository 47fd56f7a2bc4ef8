//! `cargo xtask check-mobile`: type-checks the app for phones. It links nothing and runs nothing,
//! since it needs no phone.
//!
//! The standard library for phones comes from rustup. If rustup can't get it, Debian's packages for
//! WebAssembly bring a compiler and the library's sources, and the library is built from those. C
//! code is not checked: a stand-in for the C compiler makes empty files.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::setup;
use crate::steps::{root, say, step, succeeds};

/// The kinds of phone that the app is checked for.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Phone {
    /// 64-bit Android.
    Android,
    /// 64-bit iOS.
    Ios,
}

impl Phone {
    pub(crate) const ALL: [Self; 2] = [Self::Android, Self::Ios];

    fn target(self) -> &'static str {
        match self {
            Self::Android => "aarch64-linux-android",
            Self::Ios => "aarch64-apple-ios",
        }
    }
}

/// Type-checks the app and all its crates for these phones.
pub(crate) fn check(phones: &[Phone]) -> Result<()> {
    setup::debian_packages()?;
    let stand_ins = StandIns::write(&root().join("target/tools/stand-ins"))?;
    for phone in phones {
        let target = phone.target();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["check", "--locked", "-p", "doorstep-app", "--target", target]);
        cargo.env("CARGO_TARGET_DIR", root().join("target/mobile"));
        stand_ins.stand_in(&mut cargo, target);
        if !has_standard_library(target) && !succeeds("rustup", &["target", "add", target]) {
            let compiler = debians_compiler()?;
            cargo.args(["-Zbuild-std=std,panic_abort"]);
            cargo
                .env("RUSTC", compiler.join("bin/rustc"))
                .env("RUSTC_BOOTSTRAP", "1")
                .env("LD_LIBRARY_PATH", format!("{0}/lib/x86_64-linux-gnu:{0}/lib", compiler.display()));
        }
        step(&format!("Types of the app for {target}"), &mut cargo)?;
    }
    Ok(())
}

fn has_standard_library(target: &str) -> bool {
    let folder = Command::new("rustc").args(["--print", "target-libdir", "--target", target]).output();
    folder.is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_dir())
}

/// The folder of a compiler with the sources of the standard library. Debian's packages are
/// downloaded and unpacked for it, not installed.
fn debians_compiler() -> Result<PathBuf> {
    let folder = root().join("target/tools/debian-rust");
    let compiler = folder.join("usr");
    if compiler.join("bin/rustc").exists() && folder.join("whole").exists() {
        return Ok(compiler);
    }
    if !succeeds("apt-cache", &["show", "rustc-web"]) {
        bail!(
            "there is no standard library for phones on this machine. Install it: rustup target add aarch64-linux-android"
        );
    }
    let library = depends_on("libstd-rust-web-dev", "libstd-rust-web-")?;
    let llvm = depends_on(&library, "libllvm")?;
    let packages = ["rustc-web", "rust-web-src", "libstd-rust-web-dev", &library, &llvm];
    fs::create_dir_all(&folder)?;
    say("There is no standard library for phones on this machine: 140 MB of Debian's packages bring one.");
    step(
        "Downloading a compiler",
        Command::new("apt-get").args(["download", "-qq"]).args(packages).current_dir(&folder),
    )?;
    for file in fs::read_dir(&folder)? {
        let file = file?.path();
        if file.extension().is_some_and(|extension| extension == "deb") {
            let unpacked = Command::new("dpkg").arg("-x").arg(&file).arg(&folder).status()?;
            if !unpacked.success() {
                bail!("{} can't be unpacked", file.display());
            }
            fs::remove_file(&file)?;
        }
    }
    fs::write(folder.join("whole"), "")?;
    Ok(compiler)
}

/// The first package that another depends on whose name begins with a prefix.
fn depends_on(package: &str, prefix: &str) -> Result<String> {
    let output = Command::new("apt-cache").args(["depends", package]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let names = text.lines().filter_map(|line| line.trim().strip_prefix("Depends: "));
    let found = names.map(str::trim).find(|name| name.starts_with(prefix));
    found.map(str::to_owned).with_context(|| format!("{package} depends on no {prefix}: {text}"))
}

/// Scripts that take the place of a phone's C compiler and archiver.
struct StandIns {
    folder: PathBuf,
}

/// Runs this machine's compiler to preprocess headers, and otherwise makes the files that it is
/// asked for, but empty.
const COMPILER: &str = r#"#!/bin/sh
preprocess= previous= kept=
for word in "$@"; do
  [ "$previous" = -o ] && : > "$word"
  case "$previous" in -I) kept="$kept -I$word" ;; esac
  case "$word" in
    -E) preprocess=yes ;;
    -I?*|*.c) kept="$kept $word" ;;
  esac
  previous=$word
done
[ -z "$preprocess" ] || exec cc -E $kept
"#;

/// Makes the archives that it is asked for, but empty.
const ARCHIVER: &str = r#"#!/bin/sh
for word in "$@"; do case "$word" in *.a) : > "$word" ;; esac; done
"#;

impl StandIns {
    fn write(folder: &Path) -> Result<Self> {
        fs::create_dir_all(folder)?;
        for (name, script) in [("cc", COMPILER), ("ar", ARCHIVER)] {
            let path = folder.join(name);
            fs::write(&path, script)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        }
        // Without these, OpenSSL would be compiled. This machine's headers will do, and nothing is
        // linked.
        for library in ["libssl.a", "libcrypto.a"] {
            fs::write(folder.join(library), "")?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    fn stand_in(&self, cargo: &mut Command, target: &str) {
        let target = target.replace('-', "_");
        for (variable, program) in [("CC", "cc"), ("CXX", "cc"), ("AR", "ar"), ("RANLIB", "ar")] {
            cargo.env(format!("{variable}_{target}"), self.folder.join(program));
        }
        cargo
            .env("OPENSSL_NO_VENDOR", "1")
            .env("OPENSSL_LIB_DIR", &self.folder)
            .env("OPENSSL_INCLUDE_DIR", "/usr/include")
            .env("SDKROOT", &self.folder);
    }
}
