// A small FHIR R4 bundle of an invented patient.

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

// A resident identity number with a valid check character (GB 11643).
export function idNumber (area, born, sequence) {
  const digits = `${area}${born.replaceAll('-', '')}${String(sequence).padStart(3, '0')}`
  const sum = [...digits].reduce((total, digit, i) => total + Number(digit) * WEIGHTS[i], 0)
  return digits + '10X98765432'[sum % 11]
}

export function bundle ({ name, gender, born, number, record, phone }) {
  const subject = { reference: 'Patient/one' }
  const coded = (system, code, text) => ({ coding: [{ system, code }], text })
  const resources = [
    {
      resourceType: 'Patient',
      id: 'one',
      name: [{ text: name }],
      gender,
      birthDate: born,
      identifier: [
        { system: 'urn:oid:2.16.156.10011.1.3', value: number },
        { type: coded('http://terminology.hl7.org/CodeSystem/v2-0203', 'MR', 'MR'), value: record }
      ],
      telecom: [{ system: 'phone', value: phone }],
      extension: [
        { url: 'http://hl7.org.cn/fhir/StructureDefinition/ext-ethnicGroup', valueString: '汉族' },
        { url: 'http://hl7.org/fhir/StructureDefinition/patient-birthPlace', valueAddress: { state: '浙江省', city: '绍兴市' } }
      ]
    },
    { resourceType: 'Condition', subject, recordedDate: '2026-11-20', code: coded('http://hl7.org/fhir/sid/icd-10', 'D43.0', '左额叶占位性病变') },
    {
      resourceType: 'Observation',
      subject,
      status: 'final',
      category: [coded('http://terminology.hl7.org/CodeSystem/observation-category', 'laboratory', '')],
      code: coded('http://loinc.org', '718-7', '血红蛋白'),
      effectiveDateTime: '2026-11-20',
      valueQuantity: { value: 141, unit: 'g/L' },
      referenceRange: [{ low: { value: 130 }, high: { value: 175 } }]
    }
  ]
  return { resourceType: 'Bundle', type: 'collection', entry: resources.map(resource => ({ resource })) }
}
