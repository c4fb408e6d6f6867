//! Texts of the report.

super::texts! {
    /// The signed report.
    pub struct ReportTexts {
        title: "远程医疗多中心会诊报告", "Telemedicine multi-center consultation report";
        version: "第 {} 版", "Version {}";
        signed_at: "{} 签发", "signed {}";
        patient: "患者", "Patient";
        platform_id: "患者代码", "Patient code";
        number: "证件号", "Document number";
        kind: "会诊类型", "Type";
        session: "会诊时间", "Session";
        lead: "牵头机构", "Lead institution";
        participants: "参与机构", "Participants";
        diagnosis: "初步诊断", "Preliminary diagnosis";
        conclusion: "会诊结论", "Conclusion";
        advice: "治疗建议与随访", "Advice and follow-up";
        opinions: "各机构意见", "Opinions";
        measurements: "测量与标注", "Measurements and annotations";
        measurement_kind: "类型", "Kind";
        measurement_value: "结果", "Value";
        measurement_place: "位置", "Place";
        measurement_author: "作者", "Author";
        measurement_mark: "图注", "Mark";
        cited: "引用 {}", "Cites {}";
        waivers: "未出具意见的机构", "Institutions without an opinion";
        signed_by: "签发：{}（{}）", "Signed by {} ({})";
        check_code: "验证码", "Check code";
        print: "打印", "Print";
        back: "返回会诊", "Back to the consultation";
        integrity: "签名与完整性", "Signature and integrity";
        signature_valid: "报告签名有效", "Report signature valid";
        signature_broken: "报告签名不符", "Report signature does not match";
        all_accounted: "接受邀请的机构均有意见或说明", "Every accepting institution has an opinion or a recorded reason";
        opinions_valid: "意见签名有效", "Opinion signatures valid";
        content_hash: "内容摘要（SHA-256）", "Content digest (SHA-256)";
        course: "经过", "Course";
        course_start: "会诊开始", "Session started";
        course_end: "会诊结束", "Session ended";
        course_opinion: "{}提交意见", "Opinion of {}";
        course_sign: "报告签发", "Report signed";
        no_annotations: "没有测量或标注。", "No measurements or annotations.";
    }
}
