//! Invented case histories.

use consilium_domain::{ConsultationKind, DataCategory, Sex, Urgency};
use consilium_protocol::consultation::{Clinical, PatientInput};

/// A case history with its patient.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Type of consultation.
    pub kind: ConsultationKind,
    /// How soon.
    pub urgency: Urgency,
    /// Data wanted from the participants.
    pub wanted: &'static [DataCategory],
    number: u32,
    sex: Sex,
    born: &'static str,
    diagnosis: &'static str,
    code: &'static str,
    need: &'static str,
    complaint: &'static str,
    present: &'static str,
    past: &'static str,
    treatment: &'static str,
    laboratory: &'static str,
}

impl Case {
    /// The patient.
    #[must_use]
    pub fn patient(&self) -> PatientInput {
        super::person(self.number, self.sex, self.born)
    }

    /// The clinical part of the form.
    #[must_use]
    pub fn clinical(&self) -> Clinical {
        Clinical {
            preliminary_diagnosis: self.diagnosis.to_owned(),
            diagnosis_code: self.code.to_owned(),
            need: self.need.to_owned(),
            chief_complaint: self.complaint.to_owned(),
            present_illness: self.present.to_owned(),
            past_history: self.past.to_owned(),
            treatment: self.treatment.to_owned(),
            lab_summary: self.laboratory.to_owned(),
        }
    }
}

/// The cases of the demo; the first is the one with the head CT.
pub const CASES: [Case; 6] = [
    Case {
        kind: ConsultationKind::General,
        urgency: Urgency::Routine,
        wanted: &[
            DataCategory::Imaging,
            DataCategory::LabExam,
            DataCategory::Diagnosis,
        ],
        number: 9001,
        sex: Sex::Male,
        born: "1968-04-17",
        diagnosis: "左额叶占位性病变，胶质瘤可能",
        code: "D43.0",
        need: "请协助判断左额叶占位的性质与边界，评估手术切除的可行性、入路选择以及术前是否需要进一步的功能影像。",
        complaint: "头痛伴右侧肢体乏力3周",
        present: "3周前无明显诱因出现前额部胀痛，晨起明显，逐渐出现右上肢持物不稳，近1周伴恶心，无抽搐及意识障碍。头颅CT示左额叶低密度占位，周围水肿，中线轻度右移。",
        past: "高血压病史8年，口服氨氯地平，血压控制可。否认糖尿病及肿瘤病史。",
        treatment: "甘露醇125 mL静滴每8小时一次；地塞米松5 mg静推每日一次，头痛较前缓解。",
        laboratory: "白细胞 7.2×10⁹/L（3.5-9.5）\n血红蛋白 141 g/L（130-175）\n空腹血糖 5.8 mmol/L（3.9-6.1）\n凝血酶原时间 12.1 s（11-14）",
    },
    Case {
        kind: ConsultationKind::Specialty,
        urgency: Urgency::Routine,
        wanted: &[
            DataCategory::Imaging,
            DataCategory::LabExam,
            DataCategory::Treatment,
        ],
        number: 9002,
        sex: Sex::Female,
        born: "1951-09-03",
        diagnosis: "重症社区获得性肺炎",
        code: "J15.9",
        need: "抗感染治疗5天后体温仍有反复，请会诊明确病原学方向并指导下一步抗菌药物方案。",
        complaint: "发热、咳嗽、气促6天",
        present: "6天前受凉后发热，最高39.4 ℃，咳黄脓痰，活动后气促。胸部CT示右下肺大片实变伴少量胸腔积液，氧合指数210。",
        past: "慢性阻塞性肺疾病12年；2型糖尿病6年，口服二甲双胍。",
        treatment: "哌拉西林他唑巴坦4.5 g每8小时一次，左氧氟沙星0.5 g每日一次；经鼻高流量氧疗。",
        laboratory: "白细胞 15.6×10⁹/L（3.5-9.5）↑\nC反应蛋白 168 mg/L（0-8）↑\n降钙素原 3.2 ng/mL（<0.05）↑\n氧分压 61 mmHg（80-100）↓",
    },
    Case {
        kind: ConsultationKind::Specialty,
        urgency: Urgency::Urgent,
        wanted: &[DataCategory::Imaging, DataCategory::Diagnosis],
        number: 9003,
        sex: Sex::Male,
        born: "2019-11-26",
        diagnosis: "先天性心脏病：室间隔缺损（膜周部），肺动脉高压",
        code: "Q21.0",
        need: "患儿反复肺炎伴生长迟缓，请评估手术时机、肺动脉高压程度以及是否可行介入封堵。",
        complaint: "活动后气促、多汗，反复肺炎2年",
        present: "近2年患肺炎4次，活动耐力较同龄儿下降。胸骨左缘3-4肋间可闻及Ⅳ/6级收缩期杂音。超声示膜周部室间隔缺损9 mm，估测肺动脉收缩压58 mmHg。",
        past: "足月顺产，按时接种疫苗。否认手术史及药物过敏史。",
        treatment: "呋塞米与螺内酯口服，卡托普利小剂量维持。",
        laboratory: "血红蛋白 128 g/L（110-160）\nNT-proBNP 1240 pg/mL（<300）↑\n经皮血氧饱和度 95 %",
    },
    Case {
        kind: ConsultationKind::General,
        urgency: Urgency::Routine,
        wanted: &[
            DataCategory::LabExam,
            DataCategory::Diagnosis,
            DataCategory::Treatment,
        ],
        number: 9004,
        sex: Sex::Female,
        born: "1984-02-11",
        diagnosis: "缺铁性贫血，消化道失血待查",
        code: "D50.9",
        need: "补铁治疗4周血红蛋白上升不明显，请协助查找失血部位，讨论是否行胶囊内镜检查。",
        complaint: "乏力、面色苍白2个月",
        present: "2个月来渐感乏力、心悸，间断黑便。胃镜示慢性浅表性胃炎，结肠镜未见异常。",
        past: "既往体健，月经量中等。否认长期服用非甾体抗炎药。",
        treatment: "多糖铁复合物150 mg每日两次，共4周。",
        laboratory: "血红蛋白 78 g/L（115-150）↓\n平均红细胞体积 68 fL（82-100）↓\n铁蛋白 4.1 ng/mL（13-150）↓\n粪便隐血 阳性 *",
    },
    Case {
        kind: ConsultationKind::CaseDiscussion,
        urgency: Urgency::Routine,
        wanted: &[
            DataCategory::Imaging,
            DataCategory::Treatment,
            DataCategory::LabExam,
        ],
        number: 9005,
        sex: Sex::Male,
        born: "1959-12-30",
        diagnosis: "右肺上叶周围型肺癌（腺癌，cT2aN1M0）",
        code: "C34.1",
        need: "请多学科讨论新辅助治疗与直接手术的取舍，以及基因检测结果对方案的影响。",
        complaint: "体检发现右肺结节1个月",
        present: "1个月前体检胸部CT发现右肺上叶分叶状结节，长径约34 mm，可见毛刺。穿刺病理为浸润性腺癌，EGFR 19外显子缺失。",
        past: "吸烟30年，每日20支，已戒2年。否认粉尘接触史。",
        treatment: "尚未行抗肿瘤治疗；已完成肺功能及头颅磁共振检查。",
        laboratory: "癌胚抗原 11.3 ng/mL（<5）↑\n第一秒用力呼气容积 2.31 L（预计值的86 %）\n肌酐 79 µmol/L（57-111）",
    },
    Case {
        kind: ConsultationKind::Specialty,
        urgency: Urgency::Routine,
        wanted: &[DataCategory::LabExam, DataCategory::Treatment],
        number: 9006,
        sex: Sex::Female,
        born: "1996-07-08",
        diagnosis: "系统性红斑狼疮，狼疮肾炎（Ⅳ型）",
        code: "M32.1",
        need: "激素联合环磷酰胺诱导治疗3个月蛋白尿缓解不满意，请会诊调整免疫抑制方案并评估妊娠计划。",
        complaint: "颜面及双下肢水肿4个月",
        present: "4个月前出现水肿伴泡沫尿，肾穿刺病理示弥漫性增生性狼疮肾炎。现24小时尿蛋白3.6 g，血压142/92 mmHg。",
        past: "面部红斑及脱发2年。青霉素皮试阳性。",
        treatment: "泼尼松50 mg每日一次；环磷酰胺0.6 g静滴每两周一次，共6次；羟氯喹0.2 g每日两次。",
        laboratory: "补体C3 0.41 g/L（0.79-1.52）↓\n抗双链DNA抗体 286 IU/mL（<100）↑\n白蛋白 27 g/L（40-55）↓\n肌酐 96 µmol/L（41-73）↑",
    },
];
