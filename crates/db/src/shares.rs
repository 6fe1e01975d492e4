//! Shares of documents: with a person, or by a link that a person opens.

use colophon_domain::shares::SHARES_PER_DOCUMENT;
use colophon_domain::{Cursor, DocumentId, LinkToken, List, NewShare, Share, ShareId, ShareUse, UserId};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::documents::part_of;
use crate::parameter::Params;
use crate::session::column;
use crate::statement::statement;
use crate::{Error, ErrorKind, Result, Scope, Tx};

/// Shares that the scope may see: the owner of a document all of its shares, a person those that name them.
pub struct Shares<'t, S>(&'t Tx<S>);

impl<S: Scope> Tx<S> {
    /// Shares.
    pub fn shares(&self) -> Shares<'_, S> {
        Shares(self)
    }
}

impl<S: Scope> Shares<'_, S> {
    /// Shares a document. What named the same person before is revoked, so that one share says what they may. A link
    /// comes with its token, which is given this once.
    ///
    /// # Errors
    /// No such document for this scope, or one that the scope does not own ([`ErrorKind::Forbidden`]); too many shares.
    pub async fn insert(
        &self,
        document: DocumentId,
        new: &NewShare,
        created_by: Option<&str>,
    ) -> Result<(Share, Option<LinkToken>)> {
        let tx = self.0.reading(document);
        let locked = tx.query_opt(statement!("shares/lock"), &[&document.0]).await?;
        let locked = locked.ok_or_else(|| missing("shares/lock", &format!("document {document}")))?;
        if column::<i64>(&locked, "live")? >= SHARES_PER_DOCUMENT {
            let message =
                format!("the document has {SHARES_PER_DOCUMENT} shares in force, the most; revoke some");
            return Err(Error::new(ErrorKind::Invalid("shares".to_owned()), "shares/insert", message));
        }
        let person = new.user_id.map(|user| user.0);
        if let Some(person) = &person {
            tx.execute(statement!("shares/replace"), &[&document.0, person]).await?;
        }
        let params: Params<'_> = &[
            &document.0,
            &new.id.0,
            &new.role.as_str(),
            &person,
            &new.expires_at,
            &new.max_uses,
            &created_by,
        ];
        tx.execute(statement!("shares/insert"), params).await?;
        let token = match person {
            Some(_) => None,
            None => Some(LinkToken::new()),
        };
        if let Some(token) = &token {
            let params: Params<'_> = &[&document.0, &new.id.0, &token.expose()];
            tx.execute(statement!("shares/insert_token"), params).await?;
        }
        Ok((self.require(document, new.id).await?, token))
    }

    /// One share of a document; an error where there is none for this scope.
    pub async fn require(&self, document: DocumentId, id: ShareId) -> Result<Share> {
        let row = self.0.reading(document).query_opt(statement!("shares/get"), &[&document.0, &id.0]).await?;
        decode(&row.ok_or_else(|| missing("shares/get", &format!("share {id}")))?)
    }

    /// Shares of a document, newest first, those that are over included; `limit` at most.
    pub async fn list(&self, document: DocumentId, after: Option<Cursor>, limit: u16) -> Result<List<Share>> {
        let (time, id) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let params: Params<'_> = &[&document.0, &time, &id, &(i64::from(limit) + 1)];
        let rows = self.0.reading(document).query(statement!("shares/list"), params).await?;
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |share| Cursor { created_at: share.created_at, id: share.id.0 }))
    }

    /// Revokes a share; whether it was in force until now. It counts from the next statement on, whoever asks it.
    ///
    /// # Errors
    /// No such share for this scope.
    pub async fn revoke(&self, document: DocumentId, id: ShareId) -> Result<bool> {
        let revoked = self.0.execute(statement!("shares/revoke"), &[&document.0, &id.0]).await?;
        // A denied UPDATE changes nothing and says nothing, as one of what is revoked already.
        let share = self.require(document, id).await?;
        match share.revoked_at {
            Some(_) => Ok(revoked > 0),
            None => {
                Err(Error::new(ErrorKind::Forbidden, "shares/revoke", "only the owner of a document revokes"))
            }
        }
    }

    /// Who came by a link, newest first; `limit` at most.
    pub async fn uses(
        &self,
        document: DocumentId,
        id: ShareId,
        after: Option<Cursor>,
        limit: u16,
    ) -> Result<List<ShareUse>> {
        let (time, user) = (after.map(|cursor| cursor.created_at), after.map(|cursor| cursor.id));
        let params: Params<'_> = &[&document.0, &id.0, &time, &user, &(i64::from(limit) + 1)];
        let rows = self.0.reading(document).query(statement!("shares/uses"), params).await?;
        let decode = |row: &Row| {
            Ok(ShareUse { user_id: UserId(column(row, "user_id")?), used_at: column(row, "used_at")? })
        };
        let items = rows.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(part_of(items, limit, |used| Cursor { created_at: used.used_at, id: used.user_id.0 }))
    }

    /// Opens a link for the person of the scope: from now on they may see its document, which this gives. Each opening is
    /// noted.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`]: unknown, revoked, over or used up, without saying which. [`ErrorKind::Forbidden`]: the
    /// scope names nobody.
    pub async fn open(&self, token: &str) -> Result<DocumentId> {
        let row = self.0.query_one(statement!("shares/open"), &[&token]).await?;
        Ok(DocumentId(column::<Uuid>(&row, "document_id")?))
    }
}

fn missing(statement: &'static str, what: &str) -> Error {
    Error::new(ErrorKind::NotFound, statement, format!("no {what}"))
}

fn decode(row: &Row) -> Result<Share> {
    Ok(Share {
        document_id: DocumentId(column(row, "document_id")?),
        id: ShareId(column(row, "id")?),
        role: column(row, "role")?,
        user_id: column::<Option<Uuid>>(row, "user_id")?.map(UserId),
        expires_at: column(row, "expires_at")?,
        max_uses: column(row, "max_uses")?,
        created_by: column(row, "created_by")?,
        created_at: column(row, "created_at")?,
        revoked_at: column(row, "revoked_at")?,
        state: column(row, "state")?,
        uses: column(row, "uses")?,
    })
}
