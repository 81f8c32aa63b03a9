// Calls of companies, employees and their cards that succeed, for sample-operations.ts.

import { newId } from '../../contracts/ids.ts';
import type { Make } from './sample-operations.ts';

const employeeCall: Make = async (world) => ({ params: { employee_id: await world.employee() } });
const departmentCall: Make = async (world) => ({ params: { department_id: await world.department() } });
const companyCall: Make = async (world) => ({ params: { company_id: await world.company() } });

export const companySamples: Readonly<Record<string, Make>> = {
  createCompany: () => ({ body: { name: 'Bakery Zoë', reference: newId('req') } }),
  listCompanies: () => ({ query: { limit: '1' } }),
  readCompany: companyCall,
  changeCompany: async (world, tenant) => ({ ...(await companyCall(world, tenant)), body: { name: 'Bakery Ada' } }),
  createDepartment: async (world) => {
    const company_id = await world.company();
    return {
      params: { company_id },
      body: { name: 'Sales', parent_department_id: await world.department(company_id), reference: newId('req') },
    };
  },
  listDepartments: companyCall,
  readDepartment: departmentCall,
  changeDepartment: async (world, tenant) => ({
    ...(await departmentCall(world, tenant)),
    body: { parent_department_id: null },
  }),
  createEmployee: async (world, tenant) => ({
    ...(await departmentCall(world, tenant)),
    body: { display_name: 'A. Noether', reference: newId('req') },
  }),
  listEmployees: async (world, tenant) => ({ ...(await companyCall(world, tenant)), query: { status: 'active' } }),
  readEmployee: employeeCall,
  changeEmployee: async (world, tenant) => ({
    ...(await employeeCall(world, tenant)),
    body: { display_name: null, reference: null },
  }),
  assignCard: async (world) => ({
    params: { card_id: (await world.card()).card_id },
    body: { employee_id: await world.employee() },
  }),
  offboardEmployee: employeeCall,
};
