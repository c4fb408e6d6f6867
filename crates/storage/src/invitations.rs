//! Invitations (clauses 7.2 b and c).

use consilium_domain::{
    AccountId, ConsultationId, DataCategory, InstitutionId, InvitationId, InvitationState, Timestamp,
};
use sea_orm::{
    ActiveModelTrait as _, ColumnTrait as _, EntityTrait as _, IntoActiveModel as _, QueryFilter as _,
    QueryOrder as _,
};

use crate::{Reader, Result, WriteTx, convert, entity::invitation};

const TABLE: &str = "invitations";

/// The invitation of one institution to one consultation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Id.
    pub id: InvitationId,
    /// Consultation.
    pub consultation: ConsultationId,
    /// Who is invited.
    pub institution: InstitutionId,
    /// Where it stands.
    pub state: InvitationState,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it expires without an answer.
    pub due_at: Timestamp,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
    /// Who answered.
    pub answered_by: Option<AccountId>,
    /// Data the institution can give.
    pub can_provide: Vec<DataCategory>,
    /// Why it declined or withdrew; sealed.
    pub reason: Option<String>,
    /// When it reached the institution.
    pub delivered_at: Option<Timestamp>,
    /// The institution has answered and the answer is on its way to the lead.
    pub answer_sent_at: Option<Timestamp>,
    /// Experts the institution has named.
    pub experts: Vec<AccountId>,
    /// Earliest date of data the institution can give.
    pub data_from: Option<Timestamp>,
}

impl Reader<'_> {
    fn invitation_from(&self, row: invitation::Model) -> Result<Invitation> {
        let reason = match row.reason {
            Some(sealed) => {
                let clear = self.open(TABLE, "reason", &row.id.to_string(), &sealed)?;
                Some(String::from_utf8(clear).map_err(|_| crate::error::corrupt(TABLE, "reason"))?)
            }
            None => None,
        };
        Ok(Invitation {
            id: row.id.into(),
            consultation: row.consultation.into(),
            institution: row.institution.into(),
            state: convert::code(TABLE, "state", &row.state)?,
            sent_at: Timestamp::from_ms(row.sent_at),
            due_at: Timestamp::from_ms(row.due_at),
            answered_at: row.answered_at.map(Timestamp::from_ms),
            answered_by: row.answered_by.map(Into::into),
            can_provide: convert::from_json(TABLE, "can_provide", row.can_provide.as_bytes())?,
            reason,
            delivered_at: row.delivered_at.map(Timestamp::from_ms),
            answer_sent_at: row.answer_sent_at.map(Timestamp::from_ms),
            experts: convert::from_json(TABLE, "experts", row.experts.as_bytes())?,
            data_from: row.data_from.map(Timestamp::from_ms),
        })
    }

    fn invitation_row(&self, invitation: &Invitation) -> Result<invitation::Model> {
        let reason = invitation
            .reason
            .as_ref()
            .map(|reason| self.seal(TABLE, "reason", &invitation.id.to_string(), reason.as_bytes()))
            .transpose()?;
        Ok(invitation::Model {
            id: invitation.id.0,
            consultation: invitation.consultation.0,
            institution: invitation.institution.0,
            state: invitation.state.code().to_owned(),
            sent_at: invitation.sent_at.ms(),
            due_at: invitation.due_at.ms(),
            answered_at: invitation.answered_at.map(Timestamp::ms),
            answered_by: invitation.answered_by.map(|account| account.0),
            can_provide: convert::to_json(TABLE, "can_provide", &invitation.can_provide)?,
            reason,
            delivered_at: invitation.delivered_at.map(Timestamp::ms),
            answer_sent_at: invitation.answer_sent_at.map(Timestamp::ms),
            experts: convert::to_json(TABLE, "experts", &invitation.experts)?,
            data_from: invitation.data_from.map(Timestamp::ms),
        })
    }

    /// All invitations of a consultation in the order of sending.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn invitations(&self, consultation: ConsultationId) -> Result<Vec<Invitation>> {
        self.invitations_of_many(&[consultation]).await
    }

    /// All invitations of several consultations in the order of sending.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn invitations_of_many(&self, consultations: &[ConsultationId]) -> Result<Vec<Invitation>> {
        let select = invitation::Entity::find()
            .filter(invitation::Column::Consultation.is_in(consultations.iter().map(|id| id.0)))
            .order_by_asc(invitation::Column::SentAt)
            .order_by_asc(invitation::Column::Id);
        let rows = self.locking(select).all(&self.db).await?;
        rows.into_iter().map(|row| self.invitation_from(row)).collect()
    }
}

impl WriteTx {
    /// Adds an invitation.
    ///
    /// # Errors
    /// The institution is already invited, a reference is unknown, or the store fails.
    pub async fn insert_invitation(&mut self, invitation: &Invitation) -> Result<()> {
        self.insert(self.invitation_row(invitation)?).await
    }

    /// Changes an invitation.
    ///
    /// # Errors
    /// No such invitation, or the store fails.
    pub async fn update_invitation(&mut self, invitation: &Invitation) -> Result<()> {
        let row = self.invitation_row(invitation)?.into_active_model().reset_all();
        invitation::Entity::update(row)
            .exec_without_returning(&self.reader.db)
            .await?;
        Ok(())
    }
}

impl Reader<'_> {
    /// One invitation.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn invitation(&self, id: InvitationId) -> Result<Option<Invitation>> {
        let row = invitation::Entity::find_by_id(id.0).one(&self.db).await?;
        row.map(|row| self.invitation_from(row)).transpose()
    }

    /// Acceptances of an institution whose consultations take place between `from` and `until` and are not
    /// over, with the times of their sessions: to see where an expert is named twice.
    ///
    /// # Errors
    /// The store fails, or a sealed column does not open.
    pub async fn engagements(
        &self,
        institution: InstitutionId,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<(Invitation, crate::Consultation)>> {
        let consultations = self.consultations_of(institution, from, until).await?;
        let ids: Vec<_> = consultations.iter().map(|c| c.id).collect();
        let held = [InvitationState::Accepted, InvitationState::Reconfirming];
        let invitations = self.invitations_of_many(&ids).await?;
        Ok(invitations
            .into_iter()
            .filter(|invitation| invitation.institution == institution && held.contains(&invitation.state))
            .filter_map(|invitation| {
                let of = consultations.iter().find(|c| c.id == invitation.consultation)?;
                Some((invitation, of.clone()))
            })
            .collect())
    }
}
