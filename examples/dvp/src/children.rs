// SPDX-License-Identifier: AGPL-3.0-or-later
//! Representation: a parent collects for a child under 12. The child has a dossier of its own, with its own key and its own
//! list of what happened; the parent reaches it through the session, and the gate looks each time whether that is still so.

use crate::{
    App,
    account::{
        Kind, NEVER,
        events::Event,
        vault::{Opened, Vault, VaultError},
    },
    automatic::{self, AutomaticError},
};
use medmij_dvp::person::{
    Notice, PersonId, RepresentationPage, RepresentationPolicy, RepresentationProgress, RepresentationStep,
    RepresentedPersoon,
};
use medmij_types::{CalendarDate, OsEntropy};
use serde::{Deserialize, Serialize};

/// The most children of one account.
const MOST: usize = 10;

/// A child as it is kept, under the data key of the parent.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    name: String,
    /// As `YYYY-MM-DD`.
    born: String,
    done: Done,
}

/// [`RepresentationProgress`], as it is kept.
#[derive(Clone, Copy, Serialize, Deserialize)]
enum Done {
    Going,
    Announced,
    Stopped,
    Offered,
    HandedOver,
}

/// A child of an account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) person: PersonId,
    pub(crate) name: String,
    pub(crate) born: CalendarDate,
    represented: RepresentedPersoon,
}

/// Why a child is not added.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AddError {
    #[error("name is empty or too long")]
    Name,
    /// Nobody collects for this child: 12 or older, or not born yet.
    #[error("child is not of an age to be represented")]
    Age(RepresentationPage),
    #[error("birth date lies after today")]
    NotBorn,
    #[error("as many children as there may be")]
    Full,
    #[error(transparent)]
    Vault(#[from] VaultError),
}

impl Child {
    fn of(parent: PersonId, person: PersonId, kept: Kept) -> Option<Self> {
        let born = CalendarDate::parse(&kept.born).ok()?;
        Some(Self {
            represented: RepresentedPersoon::restore(person, parent, born, kept.done.into()),
            person,
            name: kept.name,
            born,
        })
    }

    /// Its number as pages have it.
    pub(crate) fn number(&self) -> String {
        format!("{:032x}", self.person.number())
    }

    /// What the parent reads in place of the dossier.
    pub(crate) fn page(&self, today: CalendarDate) -> Option<RepresentationPage> {
        self.represented.page_for_parent(today, RepresentationPolicy::default())
    }

    /// The last day on which the parent reads and collects is the one before this.
    pub(crate) fn ends(&self, today: CalendarDate) -> Option<CalendarDate> {
        use medmij_dvp::person::{RepresentedAccess, represented_access};
        match represented_access(self.born, today, RepresentationPolicy::default()) {
            RepresentedAccess::ParentEnding { on } => Some(on),
            _ => None,
        }
    }
}

impl std::fmt::Debug for Child {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Child").finish_non_exhaustive()
    }
}

/// The day in the Netherlands.
pub(crate) fn today(app: &App) -> CalendarDate {
    CalendarDate::in_amsterdam(app.automatic.schedule.clock.now())
}

/// The children of an account, by name.
pub(crate) async fn all(vault: &Vault, parent: PersonId) -> Result<Vec<Child>, VaultError> {
    let found = vault.all::<Kept>(Kind::Child, parent).await?;
    let child = |(id, kept): (Vec<u8>, Kept)| Child::of(parent, person_of(&id)?, kept);
    let mut all: Vec<Child> = found.into_iter().filter_map(child).collect();
    all.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(all)
}

/// A child of this account, and of no other.
pub(crate) async fn find(vault: &Vault, parent: PersonId, number: &str) -> Result<Option<Child>, VaultError> {
    let Ok(number) = u128::from_str_radix(number, 16) else {
        return Ok(None);
    };
    let found = opened(vault, parent, PersonId::new(number)).await?;
    Ok(found.and_then(|found| Child::of(parent, PersonId::new(number), found.content)))
}

async fn opened(vault: &Vault, parent: PersonId, child: PersonId) -> Result<Option<Opened<Kept>>, VaultError> {
    let found = vault.find::<Kept>(Kind::Child, &child.number().to_be_bytes()).await?;
    Ok(found.filter(|found| found.person() == Some(parent)))
}

fn person_of(id: &[u8]) -> Option<PersonId> {
    Some(PersonId::new(u128::from_be_bytes(id.try_into().ok()?)))
}

/// Adds a child: its own number, its own data key.
pub(crate) async fn add(app: &App, parent: PersonId, name: &str, born: CalendarDate) -> Result<Child, AddError> {
    let (vault, today, policy) = (&app.accounts.vault, today(app), RepresentationPolicy::default());
    let name = name.trim();
    if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
        return Err(AddError::Name);
    }
    if born > today {
        return Err(AddError::NotBorn);
    }
    let person = PersonId::random(&OsEntropy).map_err(VaultError::from)?;
    let represented = RepresentedPersoon::new(person, parent, born);
    if represented.page_for_parent(today, policy).is_some() {
        let page = represented.page_for_person(today, policy);
        return Err(AddError::Age(page.unwrap_or(RepresentationPage::NotYet)));
    }
    if all(vault, parent).await?.len() >= MOST {
        return Err(AddError::Full);
    }
    vault.begin_person(person).await?;
    let kept = Kept {
        name: name.to_owned(),
        born: born.to_string(),
        done: Done::Going,
    };
    let id = person.number().to_be_bytes().to_vec();
    vault.add(Kind::Child, id, Some(parent), NEVER, &kept).await?;
    app.record(parent, Event::ChildAdded { name: name.to_owned() }).await;
    app.record(person, Event::DossierOpened).await;
    Ok(Child {
        person,
        name: kept.name,
        born,
        represented,
    })
}

/// Removes a child with everything of it: the dossier and its key are gone already.
pub(crate) async fn remove(vault: &Vault, child: &Child) -> Result<(), VaultError> {
    vault.erase(child.person).await?;
    vault
        .remove(Kind::Child, &child.person.number().to_be_bytes())
        .await
        .map(|_| ())
}

/// Looks what changed for the children of an account as they grow up: announces, stops, offers. Each once.
pub(crate) async fn sweep(app: &App, parent: PersonId, today: CalendarDate) -> Result<(), AutomaticError> {
    let vault = &app.accounts.vault;
    for mut child in all(vault, parent).await? {
        while let Some(step) = child.represented.sweep(today, RepresentationPolicy::default()) {
            let Some(mut found) = opened(vault, parent, child.person).await? else {
                break;
            };
            found.content.done = child.represented.progress().into();
            // of two replicas one tells
            if !vault.replace(found, NEVER).await? {
                break;
            }
            let name = child.name.clone();
            let event = match step {
                RepresentationStep::Announce { on } => Event::ChildEnding {
                    name,
                    on: on.to_string(),
                },
                RepresentationStep::Stop => Event::ChildStopped { name },
                _ => Event::ChildGrownUp { name },
            };
            if matches!(step, RepresentationStep::Announce { .. }) {
                crate::messages::tell_outside(app, parent, Notice::RepresentationEnds).await;
            }
            if matches!(step, RepresentationStep::Stop) {
                automatic::forget_all(app, child.person).await?;
            }
            app.record(parent, event).await;
        }
    }
    Ok(())
}

impl From<Done> for RepresentationProgress {
    fn from(done: Done) -> Self {
        match done {
            Done::Going => Self::Going,
            Done::Announced => Self::Announced,
            Done::Stopped => Self::Stopped,
            Done::Offered => Self::Offered,
            Done::HandedOver => Self::HandedOver,
        }
    }
}

impl From<RepresentationProgress> for Done {
    fn from(done: RepresentationProgress) -> Self {
        match done {
            RepresentationProgress::Announced => Self::Announced,
            RepresentationProgress::Stopped => Self::Stopped,
            RepresentationProgress::Offered => Self::Offered,
            RepresentationProgress::HandedOver => Self::HandedOver,
            _ => Self::Going,
        }
    }
}
