//! What the entries of 'Protected users' and 'Protected groups' name in PingOne. An entry that names nothing
//! protects nothing, so the Test button asks for each; no command does.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::{
    client::Client,
    error::Error,
    id::{GroupId, UserId},
    names::nfc,
};

/// So many entries of a list are looked up at once. Each takes up to three calls, and there are two lists: together
/// that is well below PingOne's rate limits.
const AT_ONCE: usize = 5;

/// An entry that does not name exactly one user or group.
#[derive(Debug, PartialEq, Eq)]
pub struct Unresolved {
    /// The entry.
    pub entry: String,
    /// What it names; nothing, or several.
    pub matches: Vec<String>,
}

impl Client<'_> {
    /// The entries of 'Protected users' that do not name exactly one user.
    pub async fn unresolved_users(&self) -> Result<Vec<Unresolved>, Error> {
        unresolved(&self.policy.protected_users, async |entry| {
            self.users_of_entry(entry).await
        })
        .await
    }

    /// The entries of 'Protected groups' that do not name exactly one group.
    pub async fn unresolved_groups(&self) -> Result<Vec<Unresolved>, Error> {
        unresolved(&self.policy.protected_groups, async |entry| {
            self.groups_of_entry(entry).await
        })
        .await
    }

    /// The users that an entry names by id, by username or by e-mail address, each once.
    async fn users_of_entry(&self, entry: &str) -> Result<Vec<String>, Error> {
        let by_id = async {
            match entry.parse::<UserId>() {
                Ok(id) => if_there(self.read_user(id).await),
                Err(_) => Ok(None),
            }
        };
        let by_name = by_spelling(entry, async |name| self.find_users(name).await);
        let by_email = async {
            if entry.contains('@') {
                by_spelling(entry, async |email| self.find_users_by_email(email).await).await
            } else {
                Ok(Vec::new())
            }
        };
        let (by_id, by_name, by_email) = tokio::try_join!(by_id, by_name, by_email)?;
        let users = by_id.into_iter().chain(by_name).chain(by_email);
        let users = users.map(|user| {
            let username = user.fields.username.unwrap_or_default();
            (user.id, format!("{username} ({})", user.id))
        });
        Ok(labels(users))
    }

    /// The groups that an entry names by id or by name, each once.
    async fn groups_of_entry(&self, entry: &str) -> Result<Vec<String>, Error> {
        let by_id = async {
            match entry.parse::<GroupId>() {
                Ok(id) => Ok(self.group_exists(id).await?.then_some(id)),
                Err(_) => Ok(None),
            }
        };
        let by_name = by_spelling(entry, async |name| self.find_groups(name).await);
        let (by_id, by_name) = tokio::try_join!(by_id, by_name)?;
        let by_id = by_id.map(|id| (id, id.to_string()));
        let by_name = by_name
            .into_iter()
            .map(|group| (group.id, format!("{} ({})", group.name, group.id)));
        Ok(labels(by_id.into_iter().chain(by_name)))
    }
}

async fn unresolved(
    entries: &[String],
    resolve: impl AsyncFn(&str) -> Result<Vec<String>, Error>,
) -> Result<Vec<Unresolved>, Error> {
    let resolve = &resolve;
    let resolved = stream::iter(entries).map(|entry| async move {
        Ok(Unresolved {
            entry: entry.clone(),
            matches: resolve(entry).await?,
        })
    });
    let resolved: Vec<Unresolved> = resolved.buffered(AT_ONCE).try_collect().await?;
    let names_one = |resolved: &Unresolved| resolved.matches.len() == 1;
    Ok(resolved.into_iter().filter(|one| !names_one(one)).collect())
}

/// Finds by a name as it is usually stored, in NFC, and if that finds nothing as it was entered. What PingOne refuses
/// to look for is not there.
async fn by_spelling<T>(
    entry: &str,
    find: impl AsyncFn(&str) -> Result<Vec<T>, Error>,
) -> Result<Vec<T>, Error> {
    let usual = nfc(entry);
    let find = async |name| match find(name).await {
        Err(error) if error.status() == Some(400) => Ok(Vec::new()),
        found => found,
    };
    let found = find(&usual).await?;
    if found.is_empty() && usual != entry {
        return find(entry).await;
    }
    Ok(found)
}

fn if_there<T>(result: Result<T, Error>) -> Result<Option<T>, Error> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.status() == Some(404) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The labels of different things, each once.
fn labels<Id: PartialEq>(named: impl Iterator<Item = (Id, String)>) -> Vec<String> {
    let mut known: Vec<(Id, String)> = Vec::new();
    for (id, label) in named {
        if !known.iter().any(|(known, _)| *known == id) {
            known.push((id, label));
        }
    }
    known.into_iter().map(|(_, label)| label).collect()
}
