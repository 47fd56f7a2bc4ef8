//! Who does something at the desk.

use doorstep_domain::UserId;

use super::roles::Role;
use crate::error::CouncilError;
use crate::refused::Refused;
use crate::service::Service;
use crate::storage::{OrganisationKind, Person};

/// The name in the audit log for deeds done by the command line.
const COMMAND_LINE: &str = "command line";

/// Who does something at the desk: a person who has signed in, another system of the council, or
/// the command line.
#[derive(Debug, Clone)]
pub struct Actor {
    name: String,
    display_name: String,
    user: Option<UserId>,
    role: Option<Role>,
    firm: Option<String>,
}

impl Actor {
    /// The command line, used by a person who can open the data folder. They could change the
    /// database anyway, so they may do what any desk may. They can't read safeguarding notes.
    #[must_use]
    pub fn command_line() -> Self {
        Self {
            name: COMMAND_LINE.to_owned(),
            display_name: COMMAND_LINE.to_owned(),
            user: None,
            role: None,
            firm: None,
        }
    }

    /// Another system of the council, with the name of its token.
    pub(crate) fn system(name: String) -> Self {
        Self { display_name: name.clone(), name, user: None, role: None, firm: None }
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
            user: Some(person.id),
            role: Some(Role::of(person)),
            firm: at_a_firm.then(|| person.organisation.name.clone()),
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
        self.user
    }

    /// Whether they are a person of this role.
    pub(crate) fn is(&self, role: Role) -> bool {
        self.role == Some(role)
    }

    /// Whether they may do what is for people of these roles. The command line may, whatever the
    /// roles: a safeguarding note asks for the person, with [`Actor::is`].
    pub(crate) fn may_act_as(&self, roles: &[Role]) -> bool {
        self.role.map_or(self.is_command_line(), |role| roles.contains(&role))
    }

    fn is_command_line(&self) -> bool {
        self.user.is_none() && self.name == COMMAND_LINE
    }

    /// The firm whose data they are limited to. `None` for the council's own people, who see all.
    pub(crate) fn firm(&self) -> Option<&str> {
        self.firm.as_deref()
    }
}
