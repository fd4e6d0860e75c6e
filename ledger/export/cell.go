package export

// SafeCell makes a text safe for a cell of a spreadsheet: on one line, and with an apostrophe before what
// would be taken for a formula.
func SafeCell(text string) string { return cell(text) }
