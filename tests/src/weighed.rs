//! A line to the council that weighs what goes over it: compressed, and without padding.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorstep_core::http::HttpCouncil;
use doorstep_core::{BadAddress, Connect};
use doorstep_domain::ledger::Hash;
use doorstep_domain::protocol::{Council, NoAnswer};
use doorstep_domain::v2::Exchange;

/// How many bytes went up and down.
#[derive(Debug, Default)]
pub struct Scales {
    up: AtomicUsize,
    down: AtomicUsize,
}

impl Scales {
    /// The bytes that went up and down since the last call.
    pub fn read(&self) -> (usize, usize) {
        (self.up.swap(0, Ordering::SeqCst), self.down.swap(0, Ordering::SeqCst))
    }

    fn weigh(&self, request: &[u8], answer: Result<Vec<u8>, NoAnswer>) -> Result<Vec<u8>, NoAnswer> {
        let packed = |bytes: &[u8]| zstd::encode_all(bytes, 3).map_or(0, |packed| packed.len());
        self.up.fetch_add(packed(request), Ordering::SeqCst);
        if let Ok(answer) = &answer {
            self.down.fetch_add(packed(answer), Ordering::SeqCst);
        }
        answer
    }
}

/// Connects over HTTP, and weighs.
#[derive(Debug, Default)]
pub struct Weighed(pub Arc<Scales>);

impl Connect for Weighed {
    fn connect(&self, server: &str) -> Result<Arc<dyn Council>, BadAddress> {
        Ok(Arc::new(OverScales { council: HttpCouncil::new(server)?, scales: Arc::clone(&self.0) }))
    }
}

struct OverScales {
    council: HttpCouncil,
    scales: Arc<Scales>,
}

impl Council for OverScales {
    fn enrol(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.scales.weigh(request, self.council.enrol(request))
    }

    fn sync(&self, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.scales.weigh(request, self.council.sync(request))
    }

    fn put_blob(&self, sha256: Hash, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.scales.weigh(request, self.council.put_blob(sha256, request))
    }

    fn ask(&self, exchange: Exchange, request: &[u8]) -> Result<Vec<u8>, NoAnswer> {
        self.scales.weigh(request, self.council.ask(exchange, request))
    }
}
