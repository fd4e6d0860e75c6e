package evidence

const (
	drilldownName      = "drilldown/journal_line_recognitions"
	checkDrilldownName = "scripts/check_drilldown.py"
)
