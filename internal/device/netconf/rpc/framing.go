package rpc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// ErrFraming tells that the peer broke the framing of RFC 6242, or sent more
// than the limit. The stream cannot be used any further.
var ErrFraming = errors.New("NETCONF framing")

const (
	// DefaultLimit is how large a message may be, in bytes.
	DefaultLimit = 64 << 20
	// chunkSize is how much goes into one chunk that we send.
	chunkSize = 64 << 10
	// maxChunkDigits is the length of 4294967295, the largest chunk size that
	// RFC 6242 section 4.2 allows.
	maxChunkDigits = 10
)

// endOfMessage ends a message of base:1.0 (RFC 6242 section 4.3).
var endOfMessage = []byte("]]>]]>")

// Reader reads messages. It starts with the framing of base:1.0.
type Reader struct {
	in      *bufio.Reader
	limit   int
	chunked bool
}

// NewReader reads messages of at most limit bytes (0: [DefaultLimit]) from in.
func NewReader(in io.Reader, limit int) *Reader {
	if limit <= 0 {
		limit = DefaultLimit
	}
	return &Reader{in: bufio.NewReaderSize(in, 32<<10), limit: limit}
}

// Chunked changes to the framing of base:1.1.
func (r *Reader) Chunked() { r.chunked = true }

// Next reads one message. At the end of the stream between two messages it
// returns io.EOF, within one io.ErrUnexpectedEOF.
func (r *Reader) Next() ([]byte, error) {
	if r.chunked {
		return r.nextChunked()
	}
	return r.nextDelimited()
}

// nextDelimited reads up to the end-of-message mark.
func (r *Reader) nextDelimited() ([]byte, error) {
	var msg []byte
	for {
		part, err := r.in.ReadSlice('>')
		msg = append(msg, part...)
		if len(msg) > r.limit+len(endOfMessage) {
			return nil, fmt.Errorf("%w: a message of more than %d bytes", ErrFraming, r.limit)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(bytes.TrimSpace(msg)) > 0:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		if bytes.HasSuffix(msg, endOfMessage) {
			return msg[:len(msg)-len(endOfMessage)], nil
		}
	}
}

// nextChunked reads chunks up to the end-of-chunks mark.
func (r *Reader) nextChunked() ([]byte, error) {
	var msg []byte
	for first := true; ; first = false {
		size, err := r.chunkHeader()
		switch {
		case first && errors.Is(err, io.EOF):
			return nil, io.EOF
		case err != nil:
			return nil, unexpected(err)
		case size == 0 && first:
			return nil, fmt.Errorf("%w: a message without chunks", ErrFraming)
		case size == 0:
			return msg, nil
		case size > r.limit-len(msg):
			return nil, fmt.Errorf("%w: a message of more than %d bytes", ErrFraming, r.limit)
		}
		if msg, err = r.appendChunk(msg, size); err != nil {
			return nil, unexpected(err)
		}
	}
}

// appendChunk reads the data of one chunk. It grows msg by what has come, not by
// what the peer has announced.
func (r *Reader) appendChunk(msg []byte, size int) ([]byte, error) {
	buf := bytes.NewBuffer(msg)
	_, err := io.CopyN(buf, r.in, int64(size))
	return buf.Bytes(), err
}

// chunkHeader reads LF HASH size LF, or LF HASH HASH LF, which gives 0.
// io.EOF means that nothing at all was there.
func (r *Reader) chunkHeader() (int, error) {
	if err := r.expect('\n'); err != nil {
		return 0, err
	}
	if err := r.expect('#'); err != nil {
		return 0, unexpected(err)
	}
	var digits []byte
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return 0, unexpected(err)
		}
		if c == '\n' {
			break
		}
		if digits = append(digits, c); len(digits) > maxChunkDigits {
			return 0, fmt.Errorf("%w: chunk size %q", ErrFraming, digits)
		}
	}
	if string(digits) == "#" {
		return 0, nil
	}
	n, err := strconv.ParseUint(string(digits), 10, 32)
	if err != nil || digits[0] == '0' || digits[0] == '+' {
		return 0, fmt.Errorf("%w: chunk size %q", ErrFraming, digits)
	}
	return int(n), nil
}

// expect reads one byte, which must be c.
func (r *Reader) expect(c byte) error {
	got, err := r.in.ReadByte()
	if err != nil {
		return err
	}
	if got != c {
		return fmt.Errorf("%w: %q where a chunk must begin", ErrFraming, got)
	}
	return nil
}

// unexpected makes an end of the stream within a message one.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// Writer writes messages. It starts with the framing of base:1.0.
type Writer struct {
	out     io.Writer
	chunked bool
}

// NewWriter writes messages to out.
func NewWriter(out io.Writer) *Writer { return &Writer{out: out} }

// Chunked changes to the framing of base:1.1.
func (w *Writer) Chunked() { w.chunked = true }

// Write writes one message. An empty message, and in base:1.0 one that holds
// the end-of-message mark, is an error and nothing is written.
func (w *Writer) Write(msg []byte) error {
	if len(msg) == 0 {
		return fmt.Errorf("%w: an empty message", ErrFraming)
	}
	if w.chunked {
		return w.writeChunked(msg)
	}
	// One write: what is sent in two parts can be seen in two parts.
	framed := append(msg[:len(msg):len(msg)], endOfMessage...)
	if bytes.Index(framed, endOfMessage) != len(msg) { // also when msg ends in half a mark
		return fmt.Errorf("%w: the message holds %s", ErrFraming, endOfMessage)
	}
	_, err := w.out.Write(framed)
	return err
}

func (w *Writer) writeChunked(msg []byte) error {
	var b bytes.Buffer
	for len(msg) > 0 {
		n := min(len(msg), chunkSize)
		fmt.Fprintf(&b, "\n#%d\n", n)
		b.Write(msg[:n])
		if msg = msg[n:]; len(msg) == 0 {
			b.WriteString("\n##\n")
		}
		if _, err := w.out.Write(b.Bytes()); err != nil {
			return err
		}
		b.Reset()
	}
	return nil
}
