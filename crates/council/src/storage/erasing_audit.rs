//! Erasing what lines of the audit log say of somebody. That they were written, when, and what was
//! done stays.

use super::database::params;
use super::transaction::Writing;
use crate::error::CouncilError;

/// The actions whose lines have a reason in somebody's own words.
const WITH_A_REASON: &str = "('put_to_rest', 'set_aside_decided', 'visit_decided')";

impl Writing<'_> {
    /// Replaces what a line says, because part of it is erased. It is no longer held against what
    /// was committed to.
    fn say_less(&self, number: i64, detail: &serde_json::Map<String, serde_json::Value>) -> Result<(), CouncilError> {
        let detail = serde_json::to_string(detail).map_err(|_| CouncilError::Unreadable("audit"))?;
        self.write("UPDATE audit SET detail = ?2, salt = NULL WHERE audit_id = ?1", params![number, detail])?;
        Ok(())
    }

    /// Takes the reasons out of lines about the visit, phone or chain with this id.
    pub(super) fn forget_reasons(&self, id: &str) -> Result<(), CouncilError> {
        let lines: Vec<(i64, String)> = self.many(
            &format!("SELECT audit_id, detail FROM audit WHERE action IN {WITH_A_REASON} AND detail LIKE ?1"),
            params![format!("%\"{id}\"%")],
            |row| Ok((row.get("audit_id")?, row.get("detail")?)),
        )?;
        for (number, detail) in lines {
            let detail: Option<serde_json::Value> = serde_json::from_str(&detail).ok();
            let Some(serde_json::Value::Object(mut fields)) = detail else { continue };
            fields.remove("because");
            self.say_less(number, &fields)?;
        }
        Ok(())
    }
}

/// What somebody who is erased was found by.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sought {
    /// Their names, numbers and the like: one of them alone tells of them.
    pub(crate) names: String,
    /// What else they were found by, such as their address: that tells of a neighbour too.
    pub(crate) also: String,
}

impl Sought {
    /// Whether a search was for them: each of its words is in what they are found by, and one is of
    /// their name, or there are several.
    fn is_meant_by(&self, search: &str) -> bool {
        let (names, also) = (self.names.to_lowercase(), self.also.to_lowercase());
        let words: Vec<&str> = words_of(search).collect();
        // A short word, such as a house number, is only itself.
        let is_in = |word: &str, text: &str| {
            let is_short = word.chars().count() < 3;
            words_of(text).any(|of_it| if is_short { of_it == word } else { of_it.contains(word) })
        };
        words.iter().all(|word| is_in(word, &names) || is_in(word, &also))
            && (words.len() > 1 || words.iter().any(|word| is_in(word, &names)))
    }
}

fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// The parts of a line's detail that hold a user name.
const WITH_A_NAME: [&str; 5] = ["for", "name", "of", "owner", "user"];

/// Puts another user name where a detail has one.
fn rename(detail: &mut serde_json::Value, before: &str, name: &str) -> bool {
    let serde_json::Value::Object(fields) = detail else { return false };
    let mut changed = false;
    for (field, said) in fields {
        if WITH_A_NAME.contains(&field.as_str()) && said == before {
            *said = serde_json::Value::String(name.to_owned());
            changed = true;
        }
        changed |= rename(said, before, name);
    }
    changed
}

impl Writing<'_> {
    /// Puts another name where a line speaks of somebody. A name can also be the word for
    /// something else in a line, which stays.
    pub(super) fn rename_in_audit(&self, before: &str, name: &str) -> Result<(), CouncilError> {
        // Tokens of other systems have names too, which are nobody's.
        let lines: Vec<(i64, String)> = self.many(
            "SELECT audit_id, detail FROM audit
             WHERE replace(detail, '\"' || ?1 || '\"', '') <> detail AND action NOT IN ('api_token_made', 'api_token_revoked')",
            params![before],
            |row| Ok((row.get("audit_id")?, row.get("detail")?)),
        )?;
        for (number, detail) in lines {
            let Ok(mut detail) = serde_json::from_str::<serde_json::Value>(&detail) else { continue };
            if rename(&mut detail, before, name)
                && let serde_json::Value::Object(fields) = &detail
            {
                self.say_less(number, fields)?;
            }
        }
        Ok(())
    }
}

impl Writing<'_> {
    /// Forgets the words of searches for somebody who is erased. That somebody searched stays.
    pub(crate) fn forget_searches_for(&self, erased: &[Sought]) -> Result<(), CouncilError> {
        let lines: Vec<(i64, String)> =
            self.many("SELECT audit_id, detail FROM audit WHERE action = 'searched'", params![], |row| {
                Ok((row.get("audit_id")?, row.get("detail")?))
            })?;
        for (number, detail) in lines {
            let Ok(serde_json::Value::Object(mut fields)) = serde_json::from_str(&detail) else { continue };
            let words = fields.get("words").and_then(serde_json::Value::as_str).unwrap_or_default().to_lowercase();
            if erased.iter().any(|sought| sought.is_meant_by(&words)) {
                fields.remove("words");
                self.say_less(number, &fields)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_for_somebody_is_told_from_one_for_their_street() {
        let sought = Sought {
            names: "Kwame Null 042307689879 07700 900123".into(),
            also: "4 Eyebrook Rise, Melton Mowbray LE13 9ZY".into(),
        };
        for theirs in ["kwame null", "null, kwame", "kwame null 4 eyebrook", "kwam", "042307689879", "4 eyebrook rise"]
        {
            assert!(sought.is_meant_by(theirs), "{theirs}");
        }
        for others in ["mowbray", "0", "", "kwame nkrumah", "eyebrook", "8 eyebrook rise"] {
            assert!(!sought.is_meant_by(others), "{others}");
        }
    }

    #[test]
    fn a_name_is_replaced_wherever_a_detail_has_one() {
        let mut detail = serde_json::json!({ "what": "visits", "filter": { "user": "melton-2", "q": "melton-2" } });
        assert!(rename(&mut detail, "melton-2", "erased-1"));
        assert_eq!(detail, serde_json::json!({ "what": "visits", "filter": { "user": "erased-1", "q": "melton-2" } }));
    }
}
