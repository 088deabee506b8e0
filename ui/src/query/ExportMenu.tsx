// The rows on the screen, copied or saved in the form that the next program wants.
import { Button, Menu } from '@mantine/core';
import { useState } from 'react';
import { Icon } from '../parts/Icon';
import { plural } from '../text/format';
import { download, type Format, type Sheet, WRITERS } from './export';

const FORMATS: [Format, string][] = [
  ['csv', 'CSV'],
  ['json', 'JSON'],
  ['markdown', 'Markdown'],
  ['sql', 'SQL VALUES'],
];

export function ExportMenu({ sheet, rows, name }: { sheet: () => Sheet; rows: number; name: string }) {
  const [said, setSaid] = useState('');
  const copy = (format: Format, word: string): void => {
    navigator.clipboard.writeText(WRITERS[format](sheet())).then(
      () => setSaid(`Copied ${plural(rows, 'row')} as ${word}`),
      () => setSaid('The browser does not allow copying here'),
    );
    setTimeout(() => setSaid(''), 4_000);
  };
  return (
    <>
      <span className="dim" role="status">
        {said}
      </span>
      <Menu>
        <Menu.Target>
          <Button variant="subtle" color="gray" disabled={rows === 0} rightSection={<Icon name="down" size={12} />}>
            Copy
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map(([format, word]) => (
            <Menu.Item key={format} onClick={() => copy(format, word)}>
              {word}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <Menu>
        <Menu.Target>
          <Button variant="subtle" color="gray" disabled={rows === 0} rightSection={<Icon name="down" size={12} />}>
            Export
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {FORMATS.map(([format, word]) => (
            <Menu.Item key={format} onClick={() => download(sheet(), format, name)}>
              {word}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
