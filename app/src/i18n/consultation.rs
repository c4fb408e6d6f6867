//! Texts of a consultation's page.

super::texts! {
    /// One consultation.
    pub struct ConsultationTexts {
        phase_preparation: "准备", "Preparation";
        phase_conduct: "会诊", "Session";
        phase_summary: "总结", "Summary";
        your_move: "轮到您", "Your move";
        waiting_for: "等待：{}", "Waiting for: {}";
        scheduled: "会诊时间", "Session time";
        duration: "时长", "Length";
        participants: "参与机构", "Institutions";
        not_invited: "尚未邀请", "not invited yet";
        due: "答复截止", "Answer due:";
        answered: "答复于 {}", "Answered {}";
        can_provide: "可提供：{}", "Can provide: {}";
        opinion_in: "意见已提交", "Opinion submitted";
        reason: "原因：{}", "Reason: {}";
        clinical: "临床资料", "Clinical data";
        patient: "患者", "Patient";
        platform_id: "患者代码", "Patient code";
        number: "证件号", "Document number";
        phone: "电话", "Phone";
        ethnicity: "民族", "Ethnicity";
        native_place: "籍贯", "Native place";
        wanted: "所需数据", "Data wanted";
        consent: "知情同意", "Consent";
        consent_given: "{}签署，{}", "Signed by: {}, {}";
        consent_missing: "尚未登记", "Not recorded";
        images: "影像", "Images";
        images_empty: "还没有影像。牵头机构和已接受邀请的机构可以上传 DICOM 序列。", "No images yet. The lead and every institution that has accepted can upload DICOM series.";
        slices: "{} 幅", "{} images";
        thumbnail: "{} 缩略图", "Thumbnail of {}";
        opinions: "已提交的意见", "Submitted opinions";
        opinions_empty: "还没有意见。专家在会诊室写好并提交后，会列在这里。", "No opinions yet. They are listed here once the experts have submitted them in the room.";
        signed: "已签名", "Signed";
        signature_broken: "签名不符", "Signature does not match";
        dissent: "保留意见", "Reservation";
        superseded: "已有新版本", "replaced by a newer version";
        agree: "一致", "Agrees";
        version: "第 {} 版", "Version {}";
        answer_title: "本院是否参加？", "Does your institution take part?";
        answer_move: "本院收到邀请，请答复。", "Your institution is invited; please answer.";
        answer_lead: "请在 {} 前答复，逾期视为未答复。", "Please answer before {}; later the invitation expires.";
        reconfirm_title: "会诊已改期，本院是否仍参加？", "The time has changed. Does your institution still take part?";
        part_number: "1 会诊编号", "1 Number";
        part_patient: "2 患者（脱敏）", "2 Patient (masked)";
        part_time: "3 会诊时间", "3 Time";
        part_need: "4 会诊需求", "4 Question";
        part_data: "5 所需数据", "5 Data wanted";
        data_from: "可提供数据的起始日期", "Earliest date of data";
        data_from_hint: "不填表示不限。", "Leave empty for no limit.";
        since: "（{} 起）", " (since {})";
        experts: "参加的专家", "Experts who take part";
        experts_hint: "仅限本院专家。", "Experts of your institution only.";
        no_experts: "本院还没有专家账号，请联系管理员登记。", "Your institution has no expert accounts yet; ask the administrator.";
        named: "专家：{}", "Experts: {}";
        double_booked: "同一时间已列入 {}", "also named in {} at that time";
        unmask: "查看原文", "Show in clear";
        unmask_field: "查看原文：{}", "Show in clear: {}";
        unmask_lead: "每次查看都会记入审计，60 秒后恢复脱敏。", "Every look is audited; after 60 seconds it is masked again.";
        unmask_purpose: "用途", "Purpose";
        unmask_reason: "查看的原因", "Reason for looking";
        unmask_yes: "查看 60 秒", "Show for 60 seconds";
        unmask_left: "{} 秒后恢复脱敏", "masked again in {} s";
        next_step: "下一步：", "Next: ";
        paused: "交换已暂停，期限停止计时。", "The exchange is suspended; the clocks stand still.";
        answer_under_way: "答复送达中", "answer on its way";
        step_delivered: "邀请送达 {}", "invited {}";
        step_no_data: "还没有数据请求", "no data request yet";
        step_requests: "数据请求 {}/{}", "requests met {}/{}";
        step_rows: "数据 {} 项", "{} data rows";
        step_refused: "{} 项未通过校验", "{} rows refused";
        step_issues: "{} 项待更正", "{} to correct";
        reinvite: "重新邀请", "Invite again";
        revoke: "撤回邀请", "Take the invitation back";
        revoke_reason: "撤回的原因", "Reason for taking it back";
        revoke_question: "撤回后，{}不再参加本次会诊，已提供的数据保留在记录中。", "Then {} no longer takes part; the data it gave stays on record.";
        withdraw_reason: "退出的原因", "Reason for withdrawing";
        withdraw_question: "退出后，牵头机构会收到通知，可另行邀请。", "The lead is told and can invite another institution.";
        override_reason: "仍要继续的原因", "Reason to go on nevertheless";
        override_question: "核心数据完整率 {}，未达 99 %。写明原因后可以继续，原因会列入报告。", "Core completeness is {}, below 99 %. With a reason you can go on; the report will show it.";
        overridden: "牵头机构在完整率不足 99 % 时决定继续：{}", "The lead went on below 99 % completeness: {}";
        reschedule_title: "改期", "Reschedule";
        reschedule_lead: "已接受的机构须在 24 小时内（加急 1 小时）重新确认，逾期视为未答复。", "Institutions that had accepted confirm again within 24 hours (1 hour when urgent); without an answer the invitation expires.";
        reschedule_at: "新的会诊时间（北京时间）", "New time (UTC+08:00)";
        reschedule_reason: "改期的原因", "Reason for the change";
        reschedule_send: "改期并通知各机构", "Reschedule and tell everyone";
        provide: "本院可提供的数据", "Data we can provide";
        accept: "接受邀请", "Accept";
        decline: "谢绝", "Decline";
        decline_reason: "谢绝的原因", "Reason for declining";
        send_decline: "确认谢绝", "Confirm declining";
        cancel_reason: "取消的原因", "Reason for cancelling";
        cancel_question: "取消后不能恢复，已上传的资料保留在记录中。", "Cancelling cannot be undone; what was uploaded stays on record.";
        end_question: "结束后不能再标注；尚未提交的意见仍可提交。", "After the end nothing can be drawn; opinions not yet submitted still can be.";
    }
}

super::texts! {
    /// Uploading images.
    pub struct UploadTexts {
        title: "上传影像", "Upload images";
        hint: "把文件夹或 DICOM 文件拖到这里", "Drop a folder or DICOM files here";
        choose_files: "选择文件", "Choose files";
        choose_folder: "选择文件夹", "Choose a folder";
        progress: "已上传 {} / {}", "{} of {} uploaded";
        finished: "完成：已保存 {} 幅，重复 {} 幅，拒绝 {} 个。", "Done: {} stored, {} were there already, {} refused.";
        refused: "未接收的文件", "Files that were refused";
        stop: "停止", "Stop";
        stopped: "已停止：已保存 {} 幅，其余未上传。", "Stopped: {} stored, the rest not uploaded.";
        confirm_title: "影像中的患者与本例是同一人吗？", "Is the patient in the images the patient of this case?";
        confirm_source: "影像中的患者：{}", "Patient in the images: {}";
        confirm_yes: "是同一人，继续上传", "Yes, the same person";
        confirm_no: "不是，停止上传", "No, stop";

        go_on: "继续上传", "Continue";
    }
}
