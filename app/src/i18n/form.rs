//! Texts of the request form.

super::texts! {
    /// The request form of a new consultation.
    pub struct FormTexts {
        title: "发起会诊", "New consultation";
        edit_title: "修改草稿 {}", "Edit the draft {}";
        lead: "约两分钟。可先存草稿，发出邀请前只有本院可见。", "About two minutes. A draft stays within your institution until the invitations are sent.";
        import: "从 FHIR 文件读入", "Read from a FHIR file";
        import_hint: "FHIR R4 资源包（JSON，最大 16 MiB）。只填写表单，不保存。", "A FHIR R4 bundle (JSON, up to 16 MiB). It fills the form; nothing is stored.";
        importing: "正在读取 {}", "Reading {}";
        imported: "已读入 {}：{}。", "Read {}: {}.";
        to_complete: "还需填写：{}", "Still to be entered: {}";
        import_refused: "未能读入 {}。{}", "{} was not read. {}";
        section_kind: "会诊", "Consultation";
        section_patient: "患者", "Patient";
        section_clinical: "临床资料", "Clinical data";
        section_invite: "邀请", "Invitations";
        kind: "会诊类型", "Type";
        urgency: "紧急程度", "Urgency";
        scheduled_at: "会诊时间（北京时间）", "Time (UTC+08:00)";
        duration: "时长", "Length";
        minutes: "{} 分钟", "{} min";
        name: "姓名", "Name";
        sex: "性别", "Sex";
        choose: "请选择", "Choose";
        birth_date: "出生日期", "Birth date";
        id_number: "身份证号", "Identity number";
        other_number: "其他证件号", "Other document number";
        other_number_hint: "没有身份证号时填写。", "When there is no identity number.";
        phone: "联系电话", "Phone";
        ethnicity: "民族", "Ethnicity";
        native_place: "籍贯", "Native place";
        address: "住址", "Address";
        record_number: "住院号", "Record number";
        record_number_hint: "与影像中的患者编号一致时，上传无须再确认。", "The Patient ID of the images; uploads then need no confirmation.";
        diagnosis: "初步诊断", "Preliminary diagnosis";
        diagnosis_code: "ICD-10 编码", "ICD-10 code";
        need: "会诊需求", "Question to the consultants";
        chief_complaint: "主诉", "Chief complaint";
        present_illness: "现病史", "Present illness";
        past_history: "既往史", "Past history";
        treatment: "用药与治疗", "Medication and treatment";
        lab_summary: "检验检查摘要", "Laboratory summary";
        personal_history: "个人史", "Personal history";
        family_history: "家族史", "Family history";
        physical_exam: "体格检查", "Physical examination";
        diagnosis_basis: "诊断依据", "Basis of the diagnosis";
        purpose: "会诊目的", "Purpose of the consultation";
        wanted_specialty: "希望的专科或职称", "Specialty or title wanted";
        participants: "参与机构（至少两家）", "Participant institutions (at least two)";
        wanted: "希望对方提供的数据", "Data wanted from them";
        consent: "知情同意", "Informed consent";
        consent_none: "尚未签署", "Not signed yet";
        consent_version: "同意书版本", "Version of the consent text";
        consent_hint: "没有知情同意只能存草稿；未满 14 周岁须由监护人签署。", "Without consent only a draft can be saved; under 14 a guardian signs.";
        save: "存草稿", "Save draft";
        save_and_invite: "保存并发出邀请", "Save and send invitations";
        saving: "正在保存", "Saving";
        saved_not_invited: "草稿已保存，但邀请未发出：{}", "The draft is saved, but the invitations were not sent: {}";
        open_draft: "打开草稿", "Open the draft";
        fields_wrong: "{} 处需要更正，您填写的内容都在。", "Fields to correct: {}. Nothing you entered is lost.";
        no_institutions: "还没有可邀请的机构，请联系管理员登记。", "There are no institutions to invite yet; ask the administrator to register them.";
    }
}
