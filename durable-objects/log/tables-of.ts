// Which tables an object's database has: each is made by its first row, so that a token which no card has leaves nothing.

export function tablesOf(sql: SqlStorage): ReadonlySet<string> {
  const tables = sql.exec<{ name: string }>("select name from sqlite_master where type = 'table'");
  return new Set(Array.from(tables, ({ name }) => name));
}
