//! Who does something at the desk.

use doorstep_domain::UserId;

use super::roles::Role;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{Audited, OrganisationKind, Person};

/// The name in the audit log for deeds done by the command line.
const COMMAND_LINE: &str = "command line";

/// Who does something at the desk: a person who has signed in, another system of the council, or
/// the command line.
#[derive(Debug, Clone)]
pub struct Actor {
    name: String,
    display_name: String,
    kind: ActorKind,
}

#[derive(Debug, Clone)]
enum ActorKind {
    Person { user: UserId, role: Role, firm: Option<String> },
    System,
    CommandLine,
}

/// How many characters of what somebody looked for are written down. No name or address is longer.
const MOST_WORDS: usize = 200;

impl Actor {
    /// The command line, used by a person who can open the data folder. They could change the
    /// database anyway, so they may do what any desk may. They can't read safeguarding notes.
    #[must_use]
    pub fn command_line() -> Self {
        let name = COMMAND_LINE.to_owned();
        Self { display_name: name.clone(), name, kind: ActorKind::CommandLine }
    }

    /// Another system of the council, with the name of its token.
    pub(crate) fn system(name: String) -> Self {
        Self { display_name: name.clone(), name, kind: ActorKind::System }
    }

    /// The person with this user name. The caller must already have checked who they are.
    ///
    /// # Errors
    /// [`Refused::NoSuchUser`] when the council does not know the name.
    pub fn of(service: &Service, user_name: &str) -> Result<Self, CouncilError> {
        let person = service.storage.read(|reading| reading.person_by_name(user_name))?;
        Ok(Self::person(&person.ok_or_else(|| Refused::NoSuchUser(user_name.to_owned()))?))
    }

    /// A person who has signed in.
    pub(crate) fn person(person: &Person) -> Self {
        let at_a_firm = person.organisation.kind == OrganisationKind::Contractor;
        Self {
            name: person.user_name.clone(),
            display_name: person.display_name.clone(),
            kind: ActorKind::Person {
                user: person.id,
                role: Role::of(person),
                firm: at_a_firm.then(|| person.organisation.name.clone()),
            },
        }
    }

    /// The name in the audit log: a user name, the name of a token, or `command line`.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The name to show to people.
    pub(crate) fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The person's id. `None` for a system or the command line.
    pub(crate) fn user(&self) -> Option<UserId> {
        match self.kind {
            ActorKind::Person { user, .. } => Some(user),
            ActorKind::System | ActorKind::CommandLine => None,
        }
    }

    /// Whether it is the command line, at the council's own machine.
    pub(crate) fn is_command_line(&self) -> bool {
        matches!(self.kind, ActorKind::CommandLine)
    }

    /// Whether they are a person of this role.
    pub(crate) fn is(&self, role: Role) -> bool {
        matches!(self.kind, ActorKind::Person { role: own, .. } if own == role)
    }

    /// Whether they may do what is for people of these roles. The command line may, whatever the
    /// roles: a safeguarding note asks for the person, with [`Actor::is`].
    pub(crate) fn may_act_as(&self, roles: &[Role]) -> bool {
        match &self.kind {
            ActorKind::Person { role, .. } => roles.contains(role),
            ActorKind::System => false,
            ActorKind::CommandLine => true,
        }
    }

    /// Lets only people of these roles go on, and the command line.
    ///
    /// # Errors
    /// [`Refused::NotFound`], so that nobody else learns what there is.
    pub(crate) fn only(&self, roles: &[Role]) -> Result<(), Refused> {
        if self.may_act_as(roles) { Ok(()) } else { Err(Refused::NotFound) }
    }

    /// Writes into the audit log what they asked for and were not given. How much of that is
    /// written of one person has a limit, so that nobody fills the disk.
    pub(crate) fn note_refused(&self, service: &Service, refused: &Audited<'_>) -> Result<(), CouncilError> {
        if !self.user().is_some_and(|user| service.rates.may_note_refusal_of(user)) {
            return Ok(());
        }
        let now_ms = service.now_ms();
        service.transact(|writing| writing.audit(now_ms, self.name(), refused))
    }

    /// Writes into the audit log that they looked for people or homes by words, in a list or an
    /// export. Each page of what was found is a line: which one it is, anybody can make up.
    pub(crate) fn looked_for(
        &self,
        service: &Service,
        list: &'static str,
        words: Option<&str>,
    ) -> Result<(), CouncilError> {
        let words = words.map(str::trim).filter(|words| !words.is_empty());
        let Some(words) = words else { return Ok(()) };
        let words: String = words.chars().take(MOST_WORDS).collect();
        let now_ms = service.now_ms();
        service.transact(|writing| writing.audit(now_ms, self.name(), &Audited::Searched { list, words: &words }))
    }

    /// The firm whose data they are limited to. `None` for the council's own people, who see all.
    pub(crate) fn firm(&self) -> Option<&str> {
        match &self.kind {
            ActorKind::Person { firm, .. } => firm.as_deref(),
            ActorKind::System | ActorKind::CommandLine => None,
        }
    }
}
