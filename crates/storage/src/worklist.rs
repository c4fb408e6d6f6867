//! The worklist: consultations an institution may know of, narrowed by filters and by a blind index, and all
//! that its rows show, each kind of row in one query. Also the table of consents that run out.

use std::collections::HashMap;

use consilium_domain::{
    ConsultationId, ConsultationKind, ConsultationState, InstitutionId, InvitationState, PatientId,
    Timestamp, Urgency,
};
use sea_orm::{
    ColumnTrait as _, Condition, EntityTrait as _, QueryFilter as _, QueryOrder as _, QuerySelect as _,
    QueryTrait as _, Set, prelude::Uuid, sea_query::Expr, sea_query::ExprTrait as _,
    sea_query::SelectStatement,
};

use crate::{
    Consultation, Opinion, Patient, Reader, Result, WriteTx,
    entity::{consent_term, consultation, invitation, opinion, patient, search_term},
};

/// Terms inserted by one statement: SQLite binds 32 766 values at most.
const TERMS_A_STATEMENT: usize = 5_000;

/// Which consultations a list is about. What is empty or absent does not narrow.
#[derive(Clone, Debug)]
pub struct WorklistFilter {
    /// Whose list.
    pub institution: InstitutionId,
    /// States it may know of as lead.
    pub as_lead: Vec<ConsultationState>,
    /// States it may know of as participant, by where its invitation stands.
    pub as_participant: Vec<(Vec<InvitationState>, Vec<ConsultationState>)>,
    /// Only in these states.
    pub states: Vec<ConsultationState>,
    /// Only led by.
    pub lead: Option<InstitutionId>,
    /// Only with this institution invited.
    pub participant: Option<InstitutionId>,
    /// Only of this type.
    pub kind: Option<ConsultationKind>,
    /// Only of this urgency.
    pub urgency: Option<Urgency>,
    /// Session planned at or after.
    pub from: Option<Timestamp>,
    /// Session planned before.
    pub until: Option<Timestamp>,
    /// The number holds this: letters, digits and hyphens, in capitals.
    pub number: Option<String>,
    /// All these search terms; with `number`, either is enough.
    pub terms: Vec<i64>,
    /// Only of this patient.
    pub platform_id: Option<String>,
}

impl WorklistFilter {
    /// All that an institution may know of, as given.
    #[must_use]
    pub fn of(institution: InstitutionId) -> Self {
        Self {
            institution,
            as_lead: ConsultationState::ALL.to_vec(),
            as_participant: Vec::new(),
            states: Vec::new(),
            lead: None,
            participant: None,
            kind: None,
            urgency: None,
            from: None,
            until: None,
            number: None,
            terms: Vec::new(),
            platform_id: None,
        }
    }

    fn condition(&self) -> Condition {
        use consultation::Column;
        let codes = |states: &[ConsultationState]| -> Vec<&'static str> {
            states.iter().map(|state| state.code()).collect()
        };
        let mut visible = Condition::any().add(
            Condition::all()
                .add(Column::Lead.eq(self.institution.0))
                .add(Column::State.is_in(codes(&self.as_lead))),
        );
        for (invitations, states) in &self.as_participant {
            visible = visible.add(
                Condition::all()
                    .add(Column::State.is_in(codes(states)))
                    .add(Column::Id.in_subquery(invited(self.institution, invitations))),
            );
        }
        let mut all = Condition::all().add(visible);
        if !self.states.is_empty() {
            all = all.add(Column::State.is_in(codes(&self.states)));
        }
        if let Some(lead) = self.lead {
            all = all.add(Column::Lead.eq(lead.0));
        }
        if let Some(participant) = self.participant {
            let known = [InvitationState::Revoked];
            let others: Vec<_> = InvitationState::ALL
                .iter()
                .copied()
                .filter(|state| !known.contains(state))
                .collect();
            all = all.add(Column::Id.in_subquery(invited(participant, &others)));
        }
        if let Some(kind) = self.kind {
            all = all.add(Column::Kind.eq(kind.code()));
        }
        if let Some(urgency) = self.urgency {
            all = all.add(Column::Urgency.eq(urgency.code()));
        }
        if let Some(from) = self.from {
            all = all.add(Column::ScheduledAt.gte(from.ms()));
        }
        if let Some(until) = self.until {
            all = all.add(Column::ScheduledAt.lt(until.ms()));
        }
        if let Some(platform_id) = &self.platform_id {
            let patients = patient::Entity::find()
                .select_only()
                .column(patient::Column::Id)
                .filter(patient::Column::PlatformId.eq(platform_id))
                .into_query();
            all = all.add(Column::Patient.in_subquery(patients));
        }
        let mut words = Condition::any();
        if let Some(number) = &self.number {
            words = words.add(Column::Number.contains(number));
        }
        if !self.terms.is_empty() {
            words = words.add(Column::Id.in_subquery(with_terms(&self.terms)));
        }
        if words.is_empty() { all } else { all.add(words) }
    }
}

fn invited(institution: InstitutionId, states: &[InvitationState]) -> SelectStatement {
    invitation::Entity::find()
        .select_only()
        .column(invitation::Column::Consultation)
        .filter(invitation::Column::Institution.eq(institution.0))
        .filter(invitation::Column::State.is_in(states.iter().map(|state| state.code())))
        .into_query()
}

/// Consultations that have every one of the terms.
fn with_terms(terms: &[i64]) -> SelectStatement {
    use search_term::{Column, Entity};
    let mut distinct = terms.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let count = i64::try_from(distinct.len()).unwrap_or(i64::MAX);
    Entity::find()
        .select_only()
        .column(Column::Consultation)
        .filter(Column::Term.is_in(distinct))
        .group_by(Column::Consultation)
        .having(Expr::col(Column::Term).count().eq(count))
        .into_query()
}

impl Reader<'_> {
    /// Consultations a filter lets through, last changed first. `cursor` is the last one of the page before.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn worklist(
        &self,
        filter: &WorklistFilter,
        cursor: Option<(Timestamp, ConsultationId)>,
        limit: u64,
    ) -> Result<Vec<Consultation>> {
        use consultation::Column;
        let mut condition = filter.condition();
        if let Some((updated_at, id)) = cursor {
            condition = condition.add(
                Condition::any().add(Column::UpdatedAt.lt(updated_at.ms())).add(
                    Condition::all()
                        .add(Column::UpdatedAt.eq(updated_at.ms()))
                        .add(Column::Id.lt(id.0)),
                ),
            );
        }
        // Sorted by id alone: the rows are large, and most are not shown.
        let ids: Vec<Uuid> = consultation::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(condition)
            .order_by_desc(Column::UpdatedAt)
            .order_by_desc(Column::Id)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        let mut rows: HashMap<Uuid, consultation::Model> = consultation::Entity::find()
            .filter(Column::Id.is_in(ids.iter().copied()))
            .all(&self.db)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        ids.iter()
            .filter_map(|id| rows.remove(id))
            .map(|row| self.consultation_from(row))
            .collect()
    }

    /// Several patients by id.
    ///
    /// # Errors
    /// The store fails, or a sealed identity does not open.
    pub async fn patients_of_many(&self, ids: &[PatientId]) -> Result<HashMap<PatientId, Patient>> {
        let rows = patient::Entity::find()
            .filter(patient::Column::Id.is_in(ids.iter().map(|id| id.0)))
            .all(&self.db)
            .await?;
        rows.into_iter()
            .map(|row| self.patient_from(row).map(|patient| (patient.id, patient)))
            .collect()
    }

    /// All opinions of several consultations, in the order of signing.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn opinions_of_many(
        &self,
        consultations: &[ConsultationId],
    ) -> Result<HashMap<ConsultationId, Vec<Opinion>>> {
        let rows = opinion::Entity::find()
            .filter(opinion::Column::Consultation.is_in(consultations.iter().map(|id| id.0)))
            .order_by_asc(opinion::Column::SubmittedAt)
            .order_by_asc(opinion::Column::Version)
            .order_by_asc(opinion::Column::Id)
            .all(&self.db)
            .await?;
        let mut found: HashMap<ConsultationId, Vec<Opinion>> = HashMap::new();
        for row in rows {
            let opinion = self.opinion_from(row)?;
            found.entry(opinion.consultation).or_default().push(opinion);
        }
        Ok(found)
    }

    /// Consultations whose consent has run out at `now`, the longest ago first.
    ///
    /// # Errors
    /// The store fails.
    pub async fn consents_ended(&self, now: Timestamp, limit: u64) -> Result<Vec<ConsultationId>> {
        let ids: Vec<Uuid> = consent_term::Entity::find()
            .select_only()
            .column(consent_term::Column::Consultation)
            .filter(consent_term::Column::ValidUntil.lte(now.ms()))
            .order_by_asc(consent_term::Column::ValidUntil)
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(ids.into_iter().map(Into::into).collect())
    }

    /// Consultations without search terms, some at a time: those from before there was an index.
    ///
    /// # Errors
    /// The store fails.
    pub async fn unindexed(&self, limit: u64) -> Result<Vec<ConsultationId>> {
        let indexed = search_term::Entity::find()
            .select_only()
            .column(search_term::Column::Consultation)
            .into_query();
        let ids: Vec<Uuid> = consultation::Entity::find()
            .select_only()
            .column(consultation::Column::Id)
            .filter(consultation::Column::Id.not_in_subquery(indexed))
            .limit(limit)
            .into_tuple()
            .all(&self.db)
            .await?;
        Ok(ids.into_iter().map(Into::into).collect())
    }
}

impl WriteTx {
    /// Replaces the search terms of a consultation.
    ///
    /// # Errors
    /// There is no such consultation, or the store fails.
    pub async fn set_search_terms(&mut self, consultation: ConsultationId, terms: &[i64]) -> Result<()> {
        let mut distinct = terms.to_vec();
        distinct.sort_unstable();
        distinct.dedup();
        search_term::Entity::delete_many()
            .filter(search_term::Column::Consultation.eq(consultation.0))
            .exec(&self.reader.db)
            .await?;
        for some in distinct.chunks(TERMS_A_STATEMENT) {
            let rows = some.iter().map(|term| search_term::ActiveModel {
                term: Set(*term),
                consultation: Set(consultation.0),
            });
            search_term::Entity::insert_many(rows)
                .exec_without_returning(&self.reader.db)
                .await?;
        }
        Ok(())
    }

    /// Notes when the consent of a consultation runs out; `None` when none is in force or it has no end.
    ///
    /// # Errors
    /// There is no such consultation, or the store fails.
    pub async fn set_consent_term(
        &mut self,
        consultation: ConsultationId,
        valid_until: Option<Timestamp>,
    ) -> Result<()> {
        consent_term::Entity::delete_by_id(consultation.0)
            .exec(&self.reader.db)
            .await?;
        if let Some(valid_until) = valid_until {
            self.insert(consent_term::Model {
                consultation: consultation.0,
                valid_until: valid_until.ms(),
            })
            .await?;
        }
        Ok(())
    }
}
