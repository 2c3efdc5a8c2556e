//! Checks which users and groups the entries of a policy name. An entry that names nothing protects nothing, so each
//! should be looked up once.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    client::Client,
    endpoints::applications::Application,
    error::Error,
    id::{ApplicationId, GroupId, UserId},
    names::{nfc, same},
};

/// Look-ups at a time, as for users: well below PingOne's rate limits.
const MAX_CONCURRENT_LOOKUPS: usize = 10;

/// What an entry names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// An application.
    Application,
}

/// An entry that does not name exactly one user, group or application.
#[derive(Debug, PartialEq, Eq)]
pub struct UnresolvedEntry {
    /// What the entry should name.
    pub kind: EntryKind,
    /// The entry.
    pub entry: String,
    /// What it names: nothing, or several.
    pub matches: Vec<String>,
}

impl Client<'_> {
    /// The protected entries that do not name exactly one user, group or application.
    pub async fn unresolved_entries(&self) -> Result<Vec<UnresolvedEntry>, Error> {
        let users = self.policy().protected_users.iter();
        let groups = self.policy().protected_groups.iter();
        let entries = users
            .map(|entry| (EntryKind::User, entry))
            .chain(groups.map(|entry| (EntryKind::Group, entry)));
        let resolved = stream::iter(entries).map(|(kind, entry)| async move {
            Ok::<_, Error>(UnresolvedEntry {
                kind,
                entry: entry.clone(),
                matches: self.matches(kind, entry).await?,
            })
        });
        let mut resolved: Vec<UnresolvedEntry> = resolved
            .buffered(MAX_CONCURRENT_LOOKUPS)
            .try_collect()
            .await?;
        resolved.extend(self.resolved_applications().await?);
        resolved.retain(|entry| entry.matches.len() != 1);
        Ok(resolved)
    }

    /// What the entries for applications name. Whoever may not read applications cannot change them either, so nothing is
    /// checked then.
    async fn resolved_applications(&self) -> Result<Vec<UnresolvedEntry>, Error> {
        let entries = &self.policy().protected_applications;
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let known = match self.applications().await {
            Err(error) if error.status() == Some(403) => return Ok(Vec::new()),
            known => known?,
        };
        let resolved = entries.iter().map(|entry| {
            let id = entry.parse::<ApplicationId>().ok();
            let is_named = |known: &&Application| id == Some(known.id) || same(entry, &known.name);
            let matches = known.iter().filter(is_named);
            UnresolvedEntry {
                kind: EntryKind::Application,
                entry: entry.clone(),
                matches: matches
                    .map(|known| labeled(&known.id, Some(known.name.clone())).1)
                    .collect(),
            }
        });
        Ok(resolved.collect())
    }

    /// What an entry names, without duplicates: by id, and by name, either in NFC, as it is usually stored, or as it
    /// was entered.
    async fn matches(&self, kind: EntryKind, entry: &str) -> Result<Vec<String>, Error> {
        let mut found = empty_if_rejected(self.find_by_id(kind, entry).await)?;
        let usual = nfc(entry);
        found.extend(empty_if_rejected(self.find_by_name(kind, &usual).await)?);
        if found.is_empty() && usual != entry {
            found = empty_if_rejected(self.find_by_name(kind, entry).await)?;
        }
        let mut ids = Vec::new();
        found.retain(|(id, _)| {
            let is_new = !ids.contains(id);
            ids.push(id.clone());
            is_new
        });
        Ok(found.into_iter().map(|(_, label)| label).collect())
    }

    async fn find_by_id(&self, kind: EntryKind, entry: &str) -> Result<Vec<Match>, Error> {
        match kind {
            EntryKind::User => match entry.parse::<UserId>() {
                Ok(id) => Ok(vec![labeled(
                    &id,
                    self.read_user(id).await?.fields.username,
                )]),
                Err(_) => Ok(Vec::new()),
            },
            EntryKind::Group => match entry.parse::<GroupId>() {
                Ok(id) if self.group_exists(id).await? => Ok(vec![labeled(&id, None)]),
                _ => Ok(Vec::new()),
            },
            EntryKind::Application => Ok(Vec::new()),
        }
    }

    /// A user may also be named by email address.
    async fn find_by_name(&self, kind: EntryKind, name: &str) -> Result<Vec<Match>, Error> {
        if kind == EntryKind::Group {
            let groups = self.find_groups(name).await?.into_iter();
            return Ok(groups
                .map(|group| labeled(&group.id, Some(group.name)))
                .collect());
        }
        let mut users = self.find_users(name).await?;
        if name.contains('@') {
            users.extend(self.find_users_by_email(name).await?);
        }
        let users = users.into_iter();
        Ok(users
            .map(|user| labeled(&user.id, user.fields.username))
            .collect())
    }
}

/// An id, and how messages name its owner.
type Match = (String, String);

fn labeled(id: &impl ToString, name: Option<String>) -> Match {
    let id = id.to_string();
    let label = name.map_or_else(|| id.clone(), |name| format!("{name} ({id})"));
    (id, label)
}

/// What PingOne refuses to look up does not exist either.
fn empty_if_rejected(found: Result<Vec<Match>, Error>) -> Result<Vec<Match>, Error> {
    match found {
        Err(error) if matches!(error.status(), Some(400 | 404)) => Ok(Vec::new()),
        found => found,
    }
}
