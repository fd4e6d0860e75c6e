package export

// Cell makes a text safe for a cell of a spreadsheet: on one line, and with an apostrophe before what
// would be taken for a formula.
func Cell(text string) string { return cell(text) }
