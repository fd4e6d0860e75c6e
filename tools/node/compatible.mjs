// Compares a schema with the released one and names every change that breaks a query
// which was good: one line for each, and status 1 where there are any. Documents that
// follow are held against the new schema.
// Usage: node compatible.mjs RELEASED SCHEMA [DOCUMENT…]
import { readFileSync } from 'node:fs';
import {
  BreakingChangeType, DangerousChangeType, buildSchema, findBreakingChanges, findDangerousChanges,
  isInputObjectType, isInterfaceType, isObjectType, parse, print, validate,
} from 'graphql';

const [releasedFile, schemaFile, ...documents] = process.argv.slice(2);
const read = (file) => buildSchema(readFileSync(file, 'utf8'));
const released = read(releasedFile);
const schema = read(schemaFile);

// What was deprecated may go from the day that its reason names: see docs/api/compatibility.md.
const announced = (node) => {
  const directive = node?.directives?.find((d) => d.name.value === 'deprecated');
  const reason = directive?.arguments?.find((a) => a.name.value === 'reason')?.value.value ?? '';
  const day = /Goes on (\d{4}-\d{2}-\d{2})\.$/.exec(reason)?.[1];
  return day !== undefined && day <= new Date().toISOString().slice(0, 10);
};
const parts = (type) => released.getType(type)?.astNode?.fields ?? released.getType(type)?.astNode?.values ?? [];
const part = (type, name) => parts(type).find((node) => node.name.value === name);

// The change's own words are the one place where it names what was removed.
const removed = {
  [BreakingChangeType.FIELD_REMOVED]: [/^(\w+)\.(\w+) was removed/, (type, field) => announced(part(type, field))],
  [BreakingChangeType.VALUE_REMOVED_FROM_ENUM]: [/^(\w+) was removed from enum type (\w+)/, (value, type) => announced(part(type, value))],
  [BreakingChangeType.ARG_REMOVED]: [/^(\w+)\.(\w+) arg (\w+) was removed/, (type, field, name) =>
    announced(part(type, field)?.arguments?.find((a) => a.name.value === name))],
  // A type goes with the last of its parts.
  [BreakingChangeType.TYPE_REMOVED]: [/^(\w+) was removed/, (type) => parts(type).length > 0 && parts(type).every(announced)],
};
const mayGo = ({ type, description }) => {
  const [pattern, was] = removed[type] ?? [];
  const found = pattern?.exec(description);
  return Boolean(found) && was(...found.slice(1));
};

const broken = findBreakingChanges(released, schema).filter((change) => !mayGo(change)).map((c) => c.description);

// A default is what a query that leaves the argument out has asked for.
broken.push(...findDangerousChanges(released, schema)
  .filter(({ type }) => type === DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE).map((c) => c.description));

const defaultOf = (node) => (node?.defaultValue ? print(node.defaultValue) : 'none');
for (const type of Object.values(released.getTypeMap())) {
  const now = schema.getType(type.name);
  if (!isInputObjectType(type) || !isInputObjectType(now)) {
    continue;
  }
  for (const [name, field] of Object.entries(type.getFields())) {
    const [was, is] = [defaultOf(field.astNode), defaultOf(now.getFields()[name]?.astNode)];
    if (now.getFields()[name] && was !== is) {
      broken.push(`${type.name}.${name} has changed defaultValue from ${was} to ${is}.`);
    }
  }
}

// Which callers a role stands for: a root field that asks for more shuts somebody out.
const holders = {
  VIEWER: ['VIEWER', 'OPERATOR', 'ACCOUNTANT', 'AUDITOR', 'ADMIN'],
  OPERATOR: ['OPERATOR', 'ADMIN'],
  ACCOUNTANT: ['ACCOUNTANT', 'ADMIN'],
  AUDITOR: ['AUDITOR', 'ADMIN'],
  ADMIN: ['ADMIN'],
};
const roleOf = (field) =>
  field.astNode?.directives?.find((d) => d.name.value === 'requires')?.arguments?.find((a) => a.name.value === 'role')?.value.value;
for (const name of ['Query', 'Mutation', 'Subscription']) {
  const [was, is] = [released.getType(name), schema.getType(name)];
  for (const field of Object.values(was?.getFields() ?? {})) {
    const [before, now] = [roleOf(field), is?.getFields()[field.name] && roleOf(is.getFields()[field.name])];
    if (before && now && (holders[before] ?? [before]).some((role) => !(holders[now] ?? [now]).includes(role))) {
      broken.push(`${name}.${field.name} needs the role ${now} where ${before} was enough.`);
    }
  }
}

// Whatever is deprecated says what to take instead, and when it goes.
const promised = /\. Goes on \d{4}-\d{2}-\d{2}\.$/;
const check = (name, node) => {
  if (node.deprecationReason != null && !promised.test(node.deprecationReason)) {
    broken.push(`${name} is deprecated and its reason does not end as in “Take x instead. Goes on 2027-06-30.”`);
  }
};
for (const type of Object.values(schema.getTypeMap())) {
  if (type.name.startsWith('__')) {
    continue;
  }
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      check(`${type.name}.${field.name}`, field);
      (field.args ?? []).forEach((arg) => check(`${type.name}.${field.name}(${arg.name}:)`, arg));
    }
  }
  (type.getValues?.() ?? []).forEach((value) => check(`${type.name}.${value.name}`, value));
}

for (const file of documents) {
  for (const error of validate(schema, parse(readFileSync(file, 'utf8')))) {
    broken.push(`${file}: ${error.message}`);
  }
}

for (const line of broken) {
  console.log(line);
}
process.exitCode = broken.length > 0 ? 1 : 0;
