// Errors of companies, their employees and their cards, as `origin/errors.ts` has all others.

export const companyErrors = {
  company_not_found: { status: 404, says: 'There is no company with this id.', remedy: 'Compare the id.' },
  department_not_found: { status: 404, says: 'There is no department with this id.', remedy: 'Compare the id.' },
  employee_not_found: { status: 404, says: 'There is no employee with this id.', remedy: 'Compare the id.' },
  company_closed: {
    status: 409,
    says: 'The company is closed: nothing is added to it any more.',
    remedy: 'Compare the id; what is in the company can still be read, renamed and offboarded.',
  },
  company_has_employees: {
    status: 409,
    says: 'The company has employees that are not offboarded.',
    remedy: 'List its employees by `status`, offboard them, and close it then.',
  },
  employee_offboarded: {
    status: 409,
    says: 'The employee is offboarded, or about to be: no card is given to it, and nothing of it changes but its name.',
    remedy: 'Give the card to another employee, or make this person a new one.',
  },
  reference_already_used: {
    status: 409,
    says: 'Another one has this reference already.',
    remedy: 'Find it by its `reference` in the list, or give another.',
  },
  department_cycle: {
    status: 422,
    says: 'The department would stand under itself.',
    remedy: 'Give a parent that does not stand under this department; null puts it directly under the company.',
  },
  departments_too_deep: {
    status: 422,
    says: 'Departments stand at most ten deep.',
    remedy: 'Give a parent further up.',
  },
  department_of_another_company: {
    status: 422,
    says: 'The department is of another company.',
    remedy: 'Give a department of the same company.',
  },
  card_of_another_company: {
    status: 422,
    says: 'The card belongs to another company than the employee.',
    remedy:
      'Compare the ids. A card whose account is a company’s stays there; any other changes its company once it was taken from its employee (`employee_id` null).',
  },
} as const;
