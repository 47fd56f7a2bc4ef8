//! Tells the council's own systems about cases, with requests signed as Standard Webhooks says
//! (<https://www.standardwebhooks.com>). A request holds only ids and stable names.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Url;
use reqwest::blocking::Client;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::NotSent;
use crate::error::CouncilError;
use crate::machine::{http_client, local_address};
use crate::storage::Notice;

/// The secret that signs requests. The service and the receiving system both know it.
pub struct WebhookSecret(Zeroizing<Vec<u8>>);

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebhookSecret(<redacted>)")
    }
}

impl WebhookSecret {
    /// Reads a secret: `whsec_` and 24 to 64 bytes in Base64.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when the text is anything else.
    pub fn read(text: &str) -> Result<Self, CouncilError> {
        let bytes = text.trim().strip_prefix("whsec_").and_then(|text| BASE64.decode(text.as_bytes()).ok());
        let bytes = bytes.filter(|bytes| (24..=64).contains(&bytes.len()));
        let wrong = CouncilError::BadSetting("webhook", "its secret is not whsec_ and 24 to 64 bytes in Base64");
        bytes.map(|bytes| Self(Zeroizing::new(bytes))).ok_or(wrong)
    }

    /// The value of the `webhook-signature` header. `timestamp` is in seconds since 1970.
    fn sign(&self, id: &str, timestamp: i64, body: &str) -> Result<String, NotSent> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.0).map_err(|_| NotSent("the secret can't sign".to_owned()))?;
        mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
        Ok(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    }
}

/// Sends notices to the council's own systems.
pub struct Webhook {
    client: Client,
    address: Url,
    secret: WebhookSecret,
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Webhook")
    }
}

impl Webhook {
    /// Reads the settings. It does not connect to the address. Call this where blocking is allowed.
    ///
    /// # Errors
    /// [`CouncilError::BadSetting`] when the address can't be read, or is not safe to send to.
    pub fn new(address: &str, secret: WebhookSecret) -> Result<Self, CouncilError> {
        let bad = |what| CouncilError::BadSetting("webhook", what);
        let address = Url::parse(address).map_err(|_| bad("its address can't be read"))?;
        if !local_address::is_safe(&address) {
            return Err(bad("its address does not begin with https://"));
        }
        let client = http_client::client().map_err(|_| bad("TLS can't be set up"))?;
        Ok(Self { client, address, secret })
    }

    /// Sends one notice. `now` is the time in seconds since 1970.
    pub(super) fn send(&self, notice: &Notice, now: i64) -> Result<(), NotSent> {
        let id = format!("msg_{}", notice.id);
        let signature = self.secret.sign(&id, now, &notice.detail)?;
        let answer = self
            .client
            .post(self.address.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &id)
            .header("webhook-timestamp", now)
            .header("webhook-signature", signature)
            .body(notice.detail.clone())
            .send()
            .map_err(|error| {
                let how = if error.is_timeout() { "in time" } else { "at all" };
                NotSent(format!("the webhook's system did not answer {how}"))
            })?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(NotSent(format!("the webhook's system answered {}", answer.status().as_u16())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the specification's own libraries are tested with.
    #[test]
    fn a_message_is_signed_as_the_specification_says() {
        let secret = WebhookSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signed = secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}").unwrap();
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        for wrong in ["", "whsec_", "whsec_c2hvcnQ=", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64"] {
            assert!(WebhookSecret::read(wrong).is_err(), "{wrong}");
        }
    }
}
