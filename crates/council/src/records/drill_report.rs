//! How the machine that restores backups in a drill reports to the council that one restores.

use reqwest::Url;

use crate::error::CouncilError;
use crate::machine::{http_client, local_address};

/// The council that drills are reported to, and the token of the machine that reports.
pub struct DrillReports {
    address: Url,
    token: zeroize::Zeroizing<String>,
}

/// Leaves out the token.
impl std::fmt::Debug for DrillReports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DrillReports({})", self.address)
    }
}

impl DrillReports {
    /// Reads the council's address and the token. It does not connect yet.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when the address can't be read, or is not safe to send a token
    /// to.
    pub fn new(address: &str, token: &str) -> Result<Self, CouncilError> {
        let bad = |what| CouncilError::BadSetting("council to tell", what);
        let address = Url::parse(address).map_err(|_| bad("its address can't be read"))?;
        if !local_address::is_safe(&address) {
            return Err(bad("its address does not begin with https://"));
        }
        Ok(Self { address, token: token.trim().to_owned().into() })
    }

    /// Reports that a backup was restored and found whole. Call this where blocking is allowed.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when the council does not answer, or does not know the backup
    /// or the token.
    pub fn verified(&self, id: &str) -> Result<(), CouncilError> {
        let bad = |what| CouncilError::BadSetting("council to tell", what);
        let client = http_client::client().map_err(|_| bad("TLS can't be set up"))?;
        let at = self.address.join(&format!("/api/backups/{id}/verified"));
        let at = at.map_err(|_| bad("its address can't be read"))?;
        let asked = client.put(at).bearer_auth(self.token.as_str()).send();
        match asked.map(|answer| answer.status().as_u16()) {
            Ok(status) if (200..300).contains(&status) => Ok(()),
            Ok(401 | 403) => Err(bad("it does not take this token: make one with --may backups")),
            Ok(404) => Err(bad("it has not made this backup, or was put back since")),
            Ok(_) => Err(bad("it can't note it now")),
            Err(_) => Err(bad("it does not answer")),
        }
    }
}
