// Expressions to compare evaluators with: every function with the values that matter to it, operators between all kinds of values, paths,
// and seeded random compositions.

const texts = ["''", "'a'", "'hello'", "' a  b '", "'10'", "'9'", "'abc abc'", "/data/c", "/data/e", "/data/w", "/data/r/m", "'åäö𝄞é'", "'true'", "'false'", "'1'", "'TRUE'"];
const numbers = ['0', '1', '-1', '2.5', '-2.5', '0.5', '-0.5', '1.005', '12345', '1000000000000', '0.1 + 0.2', '1 div 3', '1 div 0', '-1 div 0', "number('x')", '/data/a', '/data/b', '/data/e',
  "'3'", "''", '123456789012345678', '0.0000001', '99999999999999999999', '0.00001', '100000000000000000000000', '1.10', '.5', '5.'];
const dates = ["'2026-11-22'", "'1970-01-01'", "'1969-12-31'", "'2024-02-29'", "'2026-02-30'", "'2026-1-2'", "'abc'", "''", "'2026-11-22T10:11:12.345+02:00'", "'2026-11-22T10:11:12Z'", "'2026-11-22T23:30:00-05:00'",
  "'2026-11-22T00:00:00'", '20779', '0', '-1', '20779.5', '/data/d', '/data/t', '/data/e', 'true()', "'0001-01-01'", "'9999-12-31'", "'10:11:12'", "'2026-11-22T10:11'"];
const sets = ['/data/r/n', '/data/r/m', '/data/r', '/data/none', '/data/e', '/data/a', '/data/r/s/k', "/data/r[1]/n | /data/r[3]/n", '/data/r/n[. != \'\']'];
const points = ["'1 2'", "'1 2 3 4'", "'0 0;1 1'", "'0 0;0 1;1 1;0 0'", "'0 0;0 1;1 1'", "''", "'abc'", "'91 0'", '/data/p', '/data/q', "'1 2;'", "'1 2;3 4;5 6;1 2;'", "'38.253 21.756 0 0;38.252 21.756 0 0;38.252 21.757 0 0;38.253 21.757 0 0;38.253 21.756 0 0'"];

const each = (list, make) => list.map(make);
const pairs = (a, b, make) => a.flatMap((x) => b.map((y) => make(x, y)));

function functions() {
  return [
    ...each([...texts, ...numbers, ...dates, ...sets], (x) => `string(${x})`),
    ...each([...texts, ...numbers, ...dates, ...sets], (x) => `number(${x})`),
    ...each([...texts, ...numbers, ...sets], (x) => `boolean(${x})`),
    ...each([...texts, ...numbers], (x) => `int(${x})`),
    ...each([...texts, ...numbers], (x) => `not(${x})`),
    ...each(texts, (x) => `boolean-from-string(${x})`),
    ...each(numbers, (x) => `boolean-from-string(${x})`),
    ...each([...texts, '/data/r/n', '12.50'], (x) => `string-length(${x})`),
    ...each([...texts], (x) => `normalize-space(${x})`),
    ...pairs(['concat'], ["'a'", "'a','b'", '1, 2.50, true()', '/data/r/m', "/data/r/m, '-', /data/a", ''], (f, a) => `${f}(${a})`),
    ...each(["' ', 'a', 'b'", "',', /data/r/m", "',', /data/r/m, 'x', 3", "','", "'', 'a','b'", "/data/e, 'a', 'b'"], (a) => `join(${a})`),
    ...pairs(["'hello'", "''", "'åäö𝄞é'", '12345'], ['0', '1', '-3', '5', '10', '1, 3', '1, -1', '3, 1', '-3, -1', '0, 100', '1.5', '-10, 2', "'x'"], (s, a) => `substr(${s}, ${a})`),
    ...pairs(["'hello'", "''"], ['1', '2', '0', '2, 3', '1.5, 2.6', '-1, 3', '0 div 0, 3'], (s, a) => `substring(${s}, ${a})`),
    ...pairs(["'a-b-c'", "''", "'abc'"], ["'-'", "''", "'c'", "'x'"], (s, t) => `substring-before(${s}, ${t})`),
    ...pairs(["'a-b-c'", "''", "'abc'"], ["'-'", "''", "'c'", "'x'"], (s, t) => `substring-after(${s}, ${t})`),
    ...each(["'bar','abc','ABC'", "'--aaa--','abc-','ABC'", "'', 'a', 'b'", "'abc','ab','x'", "'aab','aa','xy'"], (a) => `translate(${a})`),
    ...['contains', 'starts-with', 'ends-with'].flatMap((f) => pairs(["'hello'", "''", '12345'], ["'he'", "'lo'", "''", "'x'", '45'], (s, t) => `${f}(${s}, ${t})`)),
    ...pairs(["'a'", "''", "'abc'", "'åäö'"], ["'MD5'", "'SHA-1'", "'SHA-256'", "'SHA-384'", "'SHA-512'", "'MD5','hex'", "'SHA-256','hex'", "'SHA-1','base64'", "'md5'", "'SHA256'", "'MD5','x'"], (s, a) => `digest(${s}, ${a})`),
    ...each(["'aGVsbG8='", "''", "'w6XDpMO2'", "'!!!'", "'aGk'", "'aGVs bG8='"], (s) => `base64-decode(${s})`),
    ...each(["true(), 'a', 'b'", "false(), 'a', 'b'", "'', 'a', 'b'", "'false', 'a', 'b'", "0, 1, 2", "/data/e, 1, 2", "/data/none, 1, 2", "/data/u, 1, 2", "1, /data/r/n, 2"], (a) => `if(${a})`),
    ...pairs(texts.slice(0, 4).concat(['/data/e', '/data/none', '/data/a', '0']), ["'b'", "''", '3'], (x, y) => `coalesce(${x}, ${y})`),
    ...each(["'x'", '/data/a', "''"], (x) => `once(${x})`),
    ...pairs(["'abc'", "'xabcx'", "''", "'a1'", "'12345'", "'é'", "'a\nb'", "'test@example.org'", '/data/c', '12'], ["'abc'", "'^abc$'", "'[a-c]+'", "'\\d{5}'", "'^\\d*$'", "'.'", "'a|b'", "'(a|x)b'", "'[^a]'", "''", "'\\w+@\\w+\\.[a-z]{2,}'", "'^.{2,3}$'", "'\\s'", "'['", "'(?i)ABC'", "'a{1,2}b?c'", "'\\bhello\\b'", "'[\\d]+'", "'(?=a)a'"], (s, r) => `regex(${s}, ${r})`),
    ...each(['1,2,1', '1,2,0', '1,2,1,1,1', '-1,2,1,1', '1,-1', '-1,-1,1', '2,2,true(),true()', "1,1,'a',''", '0,1,/data/r/n', '1,3,/data/r/n'], (a) => `checklist(${a})`),
    ...each(['1,2,1,1', '1,2,1,3', '-1,2,1,1,1,1', '2,-1,1,1,1,1', '1,2,0,5', '3,3,1,1.5,1,1.5', "1,2,'a',2"], (a) => `weighted-checklist(${a})`),
    ...each(numbers, (x) => `round(${x})`),
    ...pairs(['12345.6789', '-12345.6789', '1.005', '2.5', '-2.5', '0', '15', '0.285', '1000000000000.55', "'x'"], ['0', '1', '2', '3', '-1', '-2', '-5', '10', '1.5'], (x, n) => `round(${x}, ${n})`),
    ...['floor', 'ceiling', 'abs', 'sqrt', 'exp', 'exp10', 'log', 'log10', 'sin', 'cos', 'tan', 'asin', 'acos', 'atan'].flatMap((f) => each(numbers.slice(0, 20), (x) => `${f}(${x})`)),
    ...pairs(['2', '-2', '0', '10', '1.5', '-8'], ['0', '2', '-1', '0.5', '3', '1 div 3', '100'], (x, y) => `pow(${x}, ${y})`),
    ...pairs(['1', '-1', '0'], ['1', '-1', '0', '2'], (y, x) => `atan2(${y}, ${x})`),
    'pi()', 'true()', 'false()', 'last()', 'position()', 'string()', 'number()', 'string-length()', 'normalize-space()', 'name()', 'local-name()', 'namespace-uri()', 'random() < 1', 'random() >= 0', "string-length(uuid())", 'string-length(uuid(10))', "regex(uuid(), '^[0-9a-f]{8}-')",
    ...['sum', 'min', 'max', 'count', 'count-non-empty', 'name', 'local-name', 'position'].flatMap((f) => each(sets, (x) => `${f}(${x})`)),
    ...['min', 'max'].flatMap((f) => each(['1, 2, 3', '3, 1, 2', '-5, -2', "1, '', 3", "'a', 1", '1', '/data/r/n, 7', "'2026-11-22', '2026-11-23'", '/data/a, /data/b'], (a) => `${f}(${a})`)),
    ...['date', 'date-time', 'decimal-date-time', 'decimal-time'].flatMap((f) => each(dates, (x) => `${f}(${x})`)),
    ...each(["'10:11:12.345'", "'10:11:12'", "'00:00:00'", "'23:59:59.999'", "'10:11:12.345+02:00'", "'10:11:12Z'", "'25:00:00'", "''"], (x) => `decimal-time(${x})`),
    ...pairs(dates, ["'%Y-%m-%d'", "'%y %n %e %b %d'"], (d, f) => `format-date(${d}, ${f})`),
    ...each(['%Y', '%y', '%m', '%n', '%b', '%d', '%e', '%a', '%H', '%h', '%M', '%S', '%3', '%W', '%%', '%', 'x', '', '%Y%Y', '%j', '%Z', '%A', '%B'], (f) => `format-date('2026-03-05', '${f}')`),
    ...each(['%Y', '%y', '%m', '%n', '%b', '%d', '%e', '%a', '%H', '%h', '%M', '%S', '%3', '%W', '%%', '%', 'x', '', '%H:%M:%S.%3'], (f) => `format-date-time('2026-03-05T07:08:09.045Z', '${f}')`),
    ...pairs(dates, ["'%Y-%m-%d %H:%M:%S'"], (d, f) => `format-date-time(${d}, ${f})`),
    ...pairs(["'a b c'", "''", "'a  b'", "'abc'", '/data/f', "'1 2 10'"], ["'a'", "'b'", "''", "'ab'", "'a b'", '1', '10'], (l, v) => `selected(${l}, ${v})`),
    ...pairs(["'a b c'", "''", "' a  b '", '/data/f'], ['0', '1', '2', '3', '-1', '1.5', "'x'"], (l, v) => `selected-at(${l}, ${v})`),
    ...each(["'a b c'", "''", "'a  b'", "' a '", '/data/f', '/data/e', '12', "' '"], (l) => `count-selected(${l})`),
    ...each(points, (p) => `area(${p})`), ...each(points, (p) => `distance(${p})`), "distance('0 0', '0 1')", "distance('0 0', '0 1', '1 1')", "distance(/data/p, '0 0')",
    ...pairs(["'0.5 0.5'", "'5 5'", "'0 0'", "''", "'0.2 0.8'"], ["'0 0;0 1;1 1;0 0'", "'0 0;0 1;1 1;1 0;0 0'", "''", "'0 0;1 1'"], (p, s) => `geofence(${p}, ${s})`),
    "intersects('0 0;1 1;1 0;0 0', '0 1;1 1;1 0;0 1')",
    ...each(['/data/r/n, /data/r, 1', '/data/r/n, /data/r, 3', '/data/r/n, /data/r, 4', '/data/r/n, /data/r, 0', "/data/r/n, /data/r, ''", '/data/r/s/k, /data/r, 1, /data/r/s, 2', '/data/r/s/k, /data/r, 2, /data/r/s, 1', '/data/r/m, /data/r, /data/a'], (a) => `indexed-repeat(${a})`),
    ...each(["instance('l')/root/item[name='b']/label", "instance('l')/root/item[name='b'][2]/label", "count(instance('l')/root/item)", "instance('l')/root/item[name=/data/none]/label", "sum(instance('l')/root/item/w)", "instance('l')/root/item[w > 1]/name",
      "instance('l')/root/item[position()=2]/name", "instance('l')/root/item[last()]/label", "instance('zz')/root/item", "instance('l')/item", "instance('l')/root/item[name = current()/../f]", "pulldata('l','label','name','b')", "pulldata('l','label','name','zz')", "pulldata('zz','label','name','b')", "instance('l')/root/item[name='a' or name='c']/label", "instance('l')/root/item[selected(/data/f, name)]/name", "instance('l')/root/item[not(w)]/name", "instance('l')/root/item[w='']/name"], (x) => x),
    ...each(["instance('l')/root/item, 42", "instance('l')/root/item, 0", "instance('l')/root/item, -7", "instance('l')/root/item, 3.9", "/data/r, 1", "/data/r, 2147483647", "/data/r/s/k, 12345", "/data/r/s/k, '12'", "/data/r/s/k, 1 div 0", "/data/r/s/k, ''", "/data/*, 7"], (a) => `randomize(${a})`),
    'foo()', 'is-selected(\'a b\', \'a\')', 'property(\'deviceid\')', 'version()', 'depend(1)', 'current()', 'current()/../a', 'today() = today()', 'string-length(today())', 'string-length(now())', "thousands-sep(1)", "current-dateTime()", 'position(..)', 'position(/data/r[2])', 'position(/data/r[3]/m)', 'choose(1,2)', "sha1('a')", 'id(\'a\')', "lang('en')", 'ceiling(2)', "concat('a', if(1, 'b', 'c'))", "jr:itext('x')", "jr:choice-name('a', '/data/f')",
    // wrong numbers of arguments
    'concat()', 'not()', 'if(1, 2)', 'selected(1)', 'pow(1)', 'true(1)', 'substr(\'a\')', 'round()', 'sum()', 'contains(\'a\')', 'regex(\'a\')', 'coalesce(\'a\')', 'date()', 'format-date(\'2026-01-01\')', 'position(1)', 'count(1)', 'sum(1)', 'number(1, 2)', 'indexed-repeat(/data/r/n, /data/r)',
  ];
}

function operators() {
  const values = ['1', '2', '-1', "'1'", "'a'", "''", "'10'", "'9'", 'true()', 'false()', '/data/a', '/data/e', '/data/r/n', '/data/none', '/data/c', "'2026-11-22'", '/data/d', "date('2026-11-22')", "'2026-11-23'", 'today()', '1 div 0', "number('x')", '0'];
  const compare = pairs(values, values, (x, y) => ['=', '!=', '<', '<=', '>', '>='].map((op) => `${x} ${op} ${y}`)).flat().filter((e) => !(e.includes('today()') && e.includes('2026')));
  const arithmetic = pairs(values.filter((v) => v !== 'today()'), values.filter((v) => v !== 'today()'), (x, y) => ['+', '-', '*', 'div', 'mod'].map((op) => `${x} ${op} ${y}`)).flat();
  const logic = pairs(['true()', 'false()', "''", "'a'", '0', '/data/e', '/data/none', "'false'"], ['true()', 'false()', "''", '1', '/data/none'], (x, y) => [`${x} and ${y}`, `${x} or ${y}`]).flat();
  const other = ['- 1', '--1', '- /data/a', "-'x'", '1 - -1', '1-1', '/data/a -1', '/data/a - 1', '1 + 2 * 3', '(1 + 2) * 3', '2 - 1 - 1', '8 div 2 div 2', '-7 mod 3', '7 mod -3', '5.5 mod 2', '1 = 1 = 1', '3 > 2 > 1', '1 < 2 = true()', 'true() or foo()', 'not(1 = 2) and 3 > 2',
    "' ' + 1", "2.5 >= ' '", "'0x1F' + 0", "'1e3' + 0", "'+5' + 0", "'-Infinity' + 0", "'0b11' + 0", "'0o17' + 0", "'-0x10' + 0", "'1e' + 0", "number(' ')", "int('  ')",
    '1 div 2', '5 * .5', '1.', "'it' != \"it's\"", "concat(\"a'b\", 'c\"d')", '1e3', '0x10', '1,5', '', ' ', '1 +', '(', ')', "'", '"', '/data/a[', '/data/a]', '$x', '//', '@', 'a b', '!', '1 ! 2', 'a..b', '/data/', '/data//', '..', '.', '/', '*', '@*', 'div', 'mod', 'and', 'or', 'div div div', 'a div a', '* * *', '/data/a*2', '/data/a div2', "'a' 'b'", '1 2', 'true', 'if(', '()', '[1]', '/data/a{1}', '/data/a;', '#', '&lt;', 'a:b', 'jr:foo()', "concat('a',)", 'concat(,1)', '/data/a/', 'self:a', '::a', 'child::', 'text()', 'node()', 'comment()', 'processing-instruction()', 'foo::a'];
  return [...compare, ...arithmetic, ...logic, ...other];
}

function paths() {
  return ['/data', '/data/a', '/data/*', '/data/r', '/data/r/n', '/data/r[2]', '/data/r[2]/n', '/data/r[n]', '/data/r[n = 3]', '/data/r[n = 3]/m', "/data/r[m = 'y']/n", '/data/r[position() = 2]/m', '/data/r[last()]/m', '/data/r[position() < last()]/m', '/data/r[position() mod 2 = 1]/m', '/data/r[s]/m', '/data/r[count(s) = 2]/m',
    '/data/r/s[1]/k', '(/data/r/s)[1]/k', '(/data/r/s)[last()]/k', '/data/r[1]/s[2]/k', '/data/r/s/k', '//k', '//r/m', '/data//k', '//n[. != \'\']', '//*[k]', '/*', '/*/*', '//@*', '/data/@id', '/data/@*', '/data/w/@at', '//@at', '@id', '../@id', '/data/r/../a', '/data/r/.', '/data/./a', '/data/r/s/..', '/data/r/s/k/../../m',
    '.', '..', '../a', './', './k', 'a', 'r/n', 'r[2]/n', '*', '@*', '../*', '../../a', '../r[1]/n', './/k', 'child::a', 'child::*', 'self::node()', 'self::data', 'self::a', 'parent::node()', 'parent::data', 'parent::*', 'attribute::id', 'descendant::k', 'descendant-or-self::node()', 'ancestor::data', 'ancestor-or-self::*', 'following-sibling::*', 'preceding-sibling::*', 'following-sibling::r[1]', 'preceding-sibling::*[1]', 'following::k', 'preceding::m', 'namespace::*',
    '/data/a | /data/b', '/data/b | /data/a', '/data/a | /data/a', '/data/r/n | /data/r/m', '/data/none | /data/a', 'count(/data/a | /data/b | /data/a)', "/data/r[m = 'x' or m = 'z']", '/data/r[not(n = \'\')]/m', '/data/r[n > 1]/m', '/data/r[../a = n]/m', '/data/r[n = current()]', '/data/r[position() = /data/a]/m', '/data/r[/data/a]/m', "/data/r['2']/m", '/data/r[0]', '/data/r[1.5]', '/data/r[-1]', "/data/r[true()]", '/data/r[1][1]', '/data/r[2][1]/m', '/data/r[n][2]/m', '/data/r[position() >= 2][1]/m', '/data/g', 'string(/data/g)', '/data/g/h + 1', '/data/none/x', 'none', '/none', '/data/text()', '/data/a/text()', '/data/node()', '/data/a/a',
    ' /data/a ', '/data / a', '/data\n/a', "/data/r[ n = 1 ]/m", "/data/a[. = 1]", '/data/a[.=\'1\']', "/data/r/n[../m = 'x']", 'string(/data/r/n)', '/data/r/n = 3', '/data/r/n != 3', '/data/r/n = /data/a', 'sum(/data/r/n[. != \'\'])', 'max(/data/r/n[. != \'\'])', "concat(/data/r/m, 'x')"];
}

/** Seeded random compositions of what evaluators agree on in the small. */
function random(count) {
  let state = 20261122;
  const next = (n) => { state = (state * 48271) % 2147483647; return state % n; };
  const pick = (list) => list[next(list.length)];
  const atom = () => pick(['1', '2', '0', '2.5', '-1', "'a'", "'b c'", "''", "'12'", '/data/a', '/data/b', '/data/c', '/data/e', '/data/f', '/data/g/h', '/data/r/n', '/data/r[1]/m', 'true()', 'false()', "'2026-11-22'"]);
  const make = (depth) => {
    if (depth === 0) {
      return atom();
    }
    const x = () => make(depth - 1 - next(2) < 0 ? 0 : depth - 1 - next(2));
    const choice = [
      () => `${x()} ${pick(['+', '-', '*', 'div', 'mod'])} ${x()}`, () => `(${x()}) ${pick(['=', '!=', '<', '>', '<=', '>='])} (${x()})`, () => `(${x()} ${pick(['and', 'or'])} ${x()})`,
      () => `if(${x()}, ${x()}, ${x()})`, () => `concat(${x()}, ${x()})`, () => `string-length(string(${x()}))`, () => `selected(string(${x()}), ${x()})`, () => `coalesce(${x()}, ${x()})`, () => `not(${x()})`, () => `number(${x()})`, () => `string(${x()})`,
      () => `contains(string(${x()}), string(${x()}))`, () => `round(${x()})`, () => `substr(string(${x()}), ${next(4)}, ${next(6)})`, () => `count-selected(string(${x()}))`, () => `int(${x()})`, () => `boolean(${x()})`, () => `translate(string(${x()}), 'ab1', 'xy')`, () => `starts-with(string(${x()}), string(${x()}))`,
      () => `normalize-space(string(${x()}))`, () => `/data/r[${x()}]/m`, () => `count(/data/r[n ${pick(['=', '<', '>', '!='])} ${x()}])`, () => `floor(${x()})`, () => `min(${x()}, ${x()})`, () => `max(${x()}, ${x()})`, () => `boolean-from-string(string(${x()}))`,
    ];
    return pick(choice)();
  };
  return Array.from({ length: count }, () => make(1 + next(3)));
}

export function expressions() {
  const contexts = ['/data/a', '/data/r[2]/m', '/data/r[1]/s[2]/k', '/data'];
  const all = [];
  for (const expression of [...functions(), ...operators(), ...random(1500)]) {
    all.push({ expression, context: '/data/a' });
  }
  for (const context of contexts) {
    for (const expression of [...paths(), 'position()', 'last()', 'position(..)', 'position(../..)', 'count(../*)', 'string(.)', 'name(..)', 'current()/../m', '../m', 'indexed-repeat(/data/r/m, /data/r, position(..))', '/data/r[position() = position(current()/..) - 1]/m']) {
      all.push({ expression, context });
    }
  }
  const seen = new Set();
  return all.filter(({ expression, context }) => { const key = `${context} ${expression}`; return !seen.has(key) && seen.add(key); });
}
