"""What the shell says about itself."""

from __future__ import annotations

COMMANDS = """\
Leadline's shell: ask this machine in SQL. Nothing you do here changes it.

.all TABLE       Print every row of a table
.bail ON|OFF     Stop a script at its first error
.connect PATH    Send statements to the program that serves this extension socket
.disconnect      Ask this machine through the shell's own tables again
.echo ON|OFF     Print commands and statements before their results
.exit [CODE]     Leave the shell
.features        Print which features are switched on
.headers ON|OFF  Print a header in column, csv and list mode
.help            Print this text
.mode MODE       Set the output mode, one of:
                   column   columns of fixed width, see .width
                   csv      comma-separated values
                   line     one value a line
                   list     values joined by the separator
                   pretty   a drawn table (at first)
.nullvalue STR   Print STR for NULL in column, csv, line and list mode
.plan SQL        Run a statement and print how often each table was scanned, and what that cost
.print STR...    Print the words
.quit            Leave the shell
.schema [TABLE]  Print the CREATE statements of the tables whose names start with TABLE
.separator STR   Set the separator of csv and list mode
.show            Print the settings
.socket          Print the path of the shell's own extension socket
.summary         The same as .show
.tables [TABLE]  List the tables whose names start with TABLE
.timeout MS      Set how long a statement waits for a lock
.timer ON|OFF    Print the time that each statement takes
.types SQL       Print the type of each result column of a statement
.version         Print the versions
.width NUM...    Set the widths of column mode; negative numbers align to the right
"""

USAGE = """\
usage: {program} [OPTION]... [SQL STATEMENT | .COMMAND]

Ask this machine in SQL. Without a statement, statements are read from standard input; on a terminal there is a
prompt with completion, and .help lists its commands.

"""
