//! The audit log (clause 8.4), sealed into a hash chain.

use consilium_domain::{ConsultationId, Timestamp};
use consilium_ledger::{AuditFields, AuditRecord, BreakKind, Broken, Checkpoint, Link, Verifier, link};
use sea_orm::{
    ColumnTrait as _, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    sea_query::{Expr, LikeExpr, LockType},
};

use crate::{
    Reader, Result, StoreError, WriteTx, convert,
    entity::{audit, audit_head},
    error::corrupt,
};

/// The one row of the head.
const HEAD: i32 = 1;
/// Rows read at a time while verifying.
const BATCH: u64 = 500;

/// What an audit record says; number and hashes are added when it is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// When it happened.
    pub at: Timestamp,
    /// Who acted: an account id, [`consilium_ledger::ANONYMOUS`] or [`consilium_ledger::SYSTEM`].
    pub operator: String,
    /// User name of the operator, may be empty.
    pub operator_name: String,
    /// What was done, a dotted code.
    pub action: String,
    /// What it was done to, as `type/id`.
    pub target: String,
    /// `ok` or the code of the refusal.
    pub result: String,
    /// Address of the caller.
    pub ip: String,
    /// User agent of the caller.
    pub device: String,
    /// Institution of the operator; may be empty.
    pub institution: String,
    /// The consultation concerned.
    pub consultation: Option<ConsultationId>,
    /// Number of the request.
    pub request_id: String,
}

/// Which records to show. Everything not given is not asked.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Institution of the operator.
    pub institution: Option<String>,
    /// Consultation concerned.
    pub consultation: Option<ConsultationId>,
    /// Operator.
    pub operator: Option<String>,
    /// Beginning of the action, such as `session.`.
    pub action_prefix: Option<String>,
    /// At this time or later.
    pub from: Option<Timestamp>,
    /// Before this time.
    pub to: Option<Timestamp>,
}

impl Reader<'_> {
    /// Records that fit the filter, newest first, with numbers below `before_seq`.
    ///
    /// # Errors
    /// The store fails, or a stored record is not complete.
    pub async fn audit_page(
        &self,
        filter: AuditFilter,
        before_seq: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>> {
        use audit::Column;
        let mut select = audit::Entity::find();
        if let Some(institution) = filter.institution {
            select = select.filter(Column::Institution.eq(institution));
        }
        if let Some(consultation) = filter.consultation {
            select = select.filter(Column::Consultation.eq(consultation.to_string()));
        }
        if let Some(operator) = filter.operator {
            select = select.filter(Column::Operator.eq(operator));
        }
        if let Some(prefix) = filter.action_prefix {
            select = select.filter(Column::Action.like(begins_with(&prefix)));
        }
        if let Some(from) = filter.from {
            select = select.filter(Column::At.gte(from.ms()));
        }
        if let Some(to) = filter.to {
            select = select.filter(Column::At.lt(to.ms()));
        }
        if let Some(before) = before_seq {
            select = select.filter(Column::Seq.lt(before));
        }
        let rows = select
            .order_by_desc(Column::Seq)
            .limit(u64::from(limit))
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| Ok(AuditRecord::new(fields(row))?))
            .collect()
    }

    /// Reads the whole log in batches and checks every record, the order, and the head. The inner error
    /// names the first record that cannot be trusted.
    ///
    /// # Errors
    /// The store fails.
    pub async fn verify_audit(&self) -> Result<Result<Checkpoint, Broken>> {
        // The last number first and the head after it: records added in between cannot look like strangers.
        let last = audit::Entity::find()
            .select_only()
            .column_as(audit::Column::Seq.max(), "last")
            .into_tuple::<Option<i64>>()
            .one(&self.db)
            .await?
            .flatten()
            .unwrap_or(0);
        let Some(row) = audit_head::Entity::find_by_id(HEAD).one(&self.db).await? else {
            return Ok(Err(Broken {
                seq: 1,
                kind: BreakKind::Checkpoint,
            }));
        };
        let Ok(head) = convert::hash("audit_head", "head", &row.head) else {
            return Ok(Err(Broken {
                seq: row.size,
                kind: BreakKind::Checkpoint,
            }));
        };
        let head = Checkpoint { size: row.size, head };
        let mut verifier = Verifier::new().expecting(head);
        let mut after = None;
        loop {
            let rows = match self.audit_batch(after, head.size, BATCH).await {
                // A column that cannot even be read: go on one by one to find out whose.
                Err(StoreError::Corrupt(_)) => match self.audit_batch(after, head.size, 1).await {
                    Err(StoreError::Corrupt(_)) => {
                        let seq = verifier.progress().size.saturating_add(1);
                        return Ok(Err(Broken {
                            seq,
                            kind: BreakKind::Content,
                        }));
                    }
                    one => one?,
                },
                batch => batch?,
            };
            if rows.is_empty() {
                break;
            }
            for row in rows {
                after = Some(row.seq);
                let seq = row.seq;
                let (Ok(prev_hash), Ok(hash)) = (
                    convert::hash("audit", "prev_hash", &row.prev_hash),
                    convert::hash("audit", "hash", &row.hash),
                ) else {
                    return Ok(Err(Broken {
                        seq,
                        kind: BreakKind::Content,
                    }));
                };
                if let Err(broken) = verifier.feed(&fields(row), &Link { prev_hash, hash }) {
                    return Ok(Err(broken));
                }
            }
        }
        if last > head.size {
            // Records the head has never seen.
            let seq = head.size.saturating_add(1);
            return Ok(Err(Broken {
                seq,
                kind: BreakKind::Checkpoint,
            }));
        }
        Ok(verifier.finish())
    }

    async fn audit_batch(&self, after: Option<i64>, until: i64, limit: u64) -> Result<Vec<audit::Model>> {
        let mut select = audit::Entity::find().filter(audit::Column::Seq.lte(until));
        if let Some(after) = after {
            select = select.filter(audit::Column::Seq.gt(after));
        }
        Ok(select
            .order_by_asc(audit::Column::Seq)
            .limit(limit)
            .all(&self.db)
            .await?)
    }
}

impl WriteTx {
    /// Seals an audit record into the chain and gives its number. From here to the end of the transaction
    /// no other record can be written, so this comes last, just before the commit.
    ///
    /// # Errors
    /// [`StoreError::Audit`] when a field of clause 8.4 is missing or too long, or the store fails.
    pub async fn audit(&mut self, event: AuditEntry) -> Result<i64> {
        self.audit_all([event]).await
    }

    /// Seals records one after the other, as [`WriteTx::audit`] does, with three statements however many
    /// they are; the number of the last. Nothing is recorded when there are none.
    ///
    /// # Errors
    /// As [`WriteTx::audit`]; then none of them is recorded.
    pub async fn audit_all(&mut self, events: impl IntoIterator<Item = AuditEntry>) -> Result<i64> {
        let head = audit_head::Entity::find_by_id(HEAD)
            .lock(LockType::Update)
            .one(&self.reader.db)
            .await?
            .ok_or_else(|| corrupt("audit_head", "id"))?;
        let mut prev = convert::hash("audit_head", "head", &head.head)?;
        let mut seq = head.size;
        let mut rows = Vec::new();
        for event in events {
            seq = seq.checked_add(1).ok_or_else(|| corrupt("audit_head", "size"))?;
            let record = AuditRecord::new(fields_of(seq, event))?;
            let link = link(&prev, &record);
            prev = link.hash;
            rows.push(audit::ActiveModel::from(row(record, &link)));
        }
        if rows.is_empty() {
            return Ok(seq);
        }
        audit::Entity::insert_many(rows)
            .exec_without_returning(&self.reader.db)
            .await?;
        audit_head::Entity::update_many()
            .col_expr(audit_head::Column::Size, Expr::value(seq))
            .col_expr(audit_head::Column::Head, Expr::value(prev.to_vec()))
            .filter(audit_head::Column::Id.eq(HEAD))
            .exec(&self.reader.db)
            .await?;
        self.audited = true;
        Ok(seq)
    }
}

fn fields_of(seq: i64, event: AuditEntry) -> AuditFields {
    AuditFields {
        seq,
        at_ms: event.at.ms(),
        operator: event.operator,
        operator_name: event.operator_name,
        action: event.action,
        target: event.target,
        result: event.result,
        ip: event.ip,
        device: event.device,
        institution: event.institution,
        consultation: event.consultation.map(|id| id.to_string()),
        request_id: event.request_id,
    }
}

fn row(record: AuditRecord, link: &Link) -> audit::Model {
    let fields = record.into_fields();
    audit::Model {
        seq: fields.seq,
        at: fields.at_ms,
        operator: fields.operator,
        operator_name: fields.operator_name,
        action: fields.action,
        target: fields.target,
        result: fields.result,
        ip: fields.ip,
        device: fields.device,
        institution: fields.institution,
        consultation: fields.consultation,
        request_id: fields.request_id,
        prev_hash: link.prev_hash.to_vec(),
        hash: link.hash.to_vec(),
    }
}

fn fields(row: audit::Model) -> AuditFields {
    AuditFields {
        seq: row.seq,
        at_ms: row.at,
        operator: row.operator,
        operator_name: row.operator_name,
        action: row.action,
        target: row.target,
        result: row.result,
        ip: row.ip,
        device: row.device,
        institution: row.institution,
        consultation: row.consultation,
        request_id: row.request_id,
    }
}

/// A pattern for texts that begin with `prefix`, whatever characters it has.
fn begins_with(prefix: &str) -> LikeExpr {
    let mut pattern = String::with_capacity(prefix.len() + 1);
    for c in prefix.chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    LikeExpr::new(pattern).escape('!')
}
