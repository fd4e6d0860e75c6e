package export

import "io"

// maxRefusals bounds how many refusals are listed besides what is not mapped, which is
// always listed in full: with that list an accountant can complete the profile at once.
const maxRefusals = 1000

// Survey reads a journal and collects everything that stands in the way, where an [Export] stops at
// the first. It is a [Writer]; End returns a [RefusedError], or nil where the journal can be written.
type Survey struct {
	export   *Export
	writes   bool // into files, and not only to see
	refusals []RefusalError
	at       map[refusalKey]kept
	others   int // of the list, what is not about mapping
	more     int64
}

type refusalKey struct{ code, field, value, message string }

// kept is where a refusal stands in the list, and the last entry that was counted for it.
type kept struct {
	at   int
	last string
}

// NewSurvey returns a survey under the profile. Errors: [ProfileErrors].
func NewSurvey(p Profile) (*Survey, error) {
	export, err := Open(p, Nowhere{})
	if err != nil {
		return nil, err
	}
	return &Survey{export: export, at: map[refusalKey]kept{}}, nil
}

// SurveyInto returns a survey that writes the journal into the files as it reads, so that what stands in
// no way is read once less. From the first refusal on it only looks, and what was written before is of no use.
// A format that reads twice is written by [Survey.Run] alone. Errors: [ProfileErrors].
func SurveyInto(p Profile, files Files) (*Survey, error) {
	s := &Survey{at: map[refusalKey]kept{}, writes: true}
	export, err := Open(p, untilRefused{files, s})
	if err != nil {
		return nil, err
	}
	s.export = export
	return s, nil
}

// untilRefused are files that take nothing more once the survey has refused something.
type untilRefused struct {
	files  Files
	survey *Survey
}

func (u untilRefused) Create(name string) (io.WriteCloser, error) {
	if len(u.survey.refusals) > 0 {
		return nothing{}, nil
	}
	open, err := u.files.Create(name)
	return fileUntilRefused{open, u.survey}, err
}

type fileUntilRefused struct {
	io.WriteCloser
	survey *Survey
}

func (f fileUntilRefused) Write(b []byte) (int, error) {
	if len(f.survey.refusals) > 0 {
		return len(b), nil
	}
	return f.WriteCloser.Write(b)
}

// ReadsTwice is that of the export.
func (s *Survey) ReadsTwice() bool { return s.export.ReadsTwice() }

// Begin begins the survey.
func (s *Survey) Begin(header Header) error { return s.export.Begin(header) }

// Entry looks at an entry. What refuses it is kept for End.
func (s *Survey) Entry(entry Entry) error {
	if err := s.export.inTurn(entry); err != nil {
		return s.export.stopped(err)
	}
	mapped, err := s.export.mapping.apply(entry)
	if err == nil {
		if err = balanced(entry); err == nil {
			err = s.accept(mapped)
		}
	}
	return s.collect(err)
}

// accept takes an entry that is mapped. Of a format that reads twice this is the first reading,
// which refuses whatever the second would.
func (s *Survey) accept(mapped Entry) error {
	if writer, reads := s.export.writer.(twice); reads {
		if !s.writes { // or the second reading counts
			s.export.count(mapped)
		}
		return writer.First(mapped)
	}
	return s.export.accept(mapped)
}

// End ends the survey.
func (s *Survey) End() error {
	end := func() error { return s.export.finish(s.collect) }
	if s.export.ReadsTwice() {
		end = func() error { return s.export.out.abandon(nil) }
	}
	if err := end(); err != nil {
		return err
	}
	if len(s.refusals) == 0 {
		return nil
	}
	return RefusedError{Refusals: s.refusals, More: s.more}
}

// Run surveys a whole journal: each calls do with every entry in the order of their numbers, and is
// called a second time where the survey writes a format that reads twice.
func (s *Survey) Run(header Header, each func(do func(Entry) error) error) error {
	if err := s.Begin(header); err != nil {
		return err
	}
	if err := each(s.Entry); err != nil {
		return err
	}
	if !s.writes || !s.ReadsTwice() || len(s.refusals) > 0 {
		return s.End()
	}
	if err := each(s.export.Entry); err != nil {
		return err
	}
	return s.export.End()
}

// Manifest returns what was or would have been written, without what was refused.
func (s *Survey) Manifest() Manifest { return s.export.Manifest() }

// Journals is that of the export.
func (s *Survey) Journals() []SummaryJournal { return s.export.Journals() }

// collect keeps what an error refuses; another error is returned.
func (s *Survey) collect(err error) error {
	if err == nil {
		return nil
	}
	refusals, ok := asRefusals(err)
	if !ok {
		return s.export.stopped(err)
	}
	for _, one := range refusals {
		s.keep(one)
	}
	return nil
}

func (s *Survey) keep(one RefusalError) {
	key := refusalKey{code: one.Code, field: one.Field, value: one.Value}
	mapping := one.Code == UnmappedAccount || one.Code == UnmappedDimension
	if !mapping {
		key.message = one.Message
	}
	if before, known := s.at[key]; known {
		if before.last != one.Entry {
			s.refusals[before.at].Entries++
			s.at[key] = kept{before.at, one.Entry}
		}
		return
	}
	if !mapping {
		if s.others == maxRefusals {
			s.more++
			return
		}
		s.others++
	}
	s.at[key] = kept{len(s.refusals), one.Entry}
	s.refusals = append(s.refusals, one)
}
