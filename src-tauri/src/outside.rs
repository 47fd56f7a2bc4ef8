//! Links to the phone's other apps: to call, to text, and to show the way. Every link is made here,
//! so that the webview can't open anything else.

use doorstep_core::Problem;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tauri::AppHandle;
use tauri_plugin_opener::OpenerExt;

/// The characters to percent-encode in a link: all but the unreserved ones (RFC 3986, section 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A link that leads out of the app.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link(String);

impl Link {
    /// A link that calls a number (RFC 3966); `None` when it is not a telephone number.
    pub(crate) fn call(number: &str) -> Option<Self> {
        dialled(number).map(|number| Self(format!("tel:{number}")))
    }

    /// A link that starts a text message (RFC 5724), which the visitor can read before sending it.
    /// `None` when the number is not a telephone number.
    pub(crate) fn text(number: &str, words: &str) -> Option<Self> {
        dialled(number).map(|number| Self(format!("sms:{number}?body={}", utf8_percent_encode(words, ENCODED))))
    }

    /// A link that shows an address in the phone's map app.
    pub(crate) fn directions(address: &str) -> Self {
        let address = utf8_percent_encode(address, ENCODED);
        Self(if cfg!(target_os = "ios") { format!("maps:?q={address}") } else { format!("geo:0,0?q={address}") })
    }
}

/// A telephone number without the spaces, hyphens and brackets that people write in it. `None` for
/// anything else, such as a code that the network would act on.
fn dialled(number: &str) -> Option<String> {
    let number: String = number.chars().filter(|character| !matches!(character, ' ' | '-' | '(' | ')')).collect();
    let digits = number.strip_prefix('+').unwrap_or(&number);
    let is_number = (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(number)
}

/// Opens a link with the phone's own app for it.
pub(crate) fn open(handle: &AppHandle, link: Option<Link>) -> Result<(), Problem> {
    let problem = |code: &str, message: &str| Problem { code: code.into(), message: message.into(), refused: None };
    let Link(link) = link.ok_or_else(|| problem("no-number", "that is not a telephone number"))?;
    handle.opener().open_url(link, None::<&str>).map_err(|_| {
        problem("nothing-opens-it", "this device has no app for that. Use another telephone, or another map.")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_dialled_as_people_write_it_and_nothing_else_is() {
        for (written, link) in
            [("999", "tel:999"), ("01664 502 502", "tel:01664502502"), ("+44 (1664) 502-502", "tel:+441664502502")]
        {
            assert_eq!(Link::call(written), Some(Link(link.into())));
        }
        for none in ["", "12", "*#06#", "999;ext=1", "tel:999", "999?x", "1234567890123456", "٩٩٩"] {
            assert_eq!(Link::call(none), None, "{none}");
        }
    }

    #[test]
    fn words_and_addresses_stay_what_they_are() {
        let link = Link::text("07700 900 910", "Siân, 2pm & 4pm?").map(|link| link.0);
        assert_eq!(link.as_deref(), Some("sms:07700900910?body=Si%C3%A2n%2C%202pm%20%26%204pm%3F"));
        assert_eq!(Link::directions("1 O'Neill Way&x=1").0, "geo:0,0?q=1%20O%27Neill%20Way%26x%3D1");
    }
}
