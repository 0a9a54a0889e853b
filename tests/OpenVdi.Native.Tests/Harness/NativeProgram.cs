using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace OpenVdi.Native.Tests;

/// <summary>A compiled test program as a real process: it is told lines, and tells lines.</summary>
internal sealed class NativeProgram : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    private readonly StringBuilder _output = new();
    private readonly BlockingCollection<string> _lines = [];
    private readonly Task<string> _error;
    private readonly Thread _reader;
    private bool _isEndExpected;

    private NativeProgram(Process process)
    {
        Process = process;
        _error = process.StandardError.ReadToEndAsync();
        _reader = new Thread(ReadOutput) { IsBackground = true, Name = "output of a native program" };
        _reader.Start();
    }

    public Process Process { get; }

    public static NativeProgram Start(string path, IEnumerable<string> arguments, params (string Name, string Value)[] environment)
    {
        ProcessStartInfo start = new(path, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        return new NativeProgram(Process.Start(start)!);
    }

    public static Outcome Run(string path, params string[] arguments)
    {
        using NativeProgram program = Start(path, arguments);
        return program.Finish();
    }

    /// <summary>Sends the program a line.</summary>
    public void Say(string line)
    {
        Process.StandardInput.WriteLine(line);
        Process.StandardInput.Flush();
    }

    /// <summary>Awaits the next line.</summary>
    public string ReadLine()
    {
        if (_lines.TryTake(out string? line, s_limit))
        {
            return line;
        }

        string state = _lines.IsCompleted ? "its output is over" : $"nothing came for {s_limit.TotalSeconds} s";
        throw new InvalidOperationException(
            $"{Process.StartInfo.FileName}: awaited a line, but {state}\n{(_lines.IsCompleted ? Finish() : null)}");
    }

    /// <summary>Awaits the next line, which must be this one.</summary>
    public void Expect(string line) => Assert.Equal(line, ReadLine());

    /// <summary>Awaits its end.</summary>
    public Outcome Finish()
    {
        _isEndExpected = true;
        Process.StandardInput.Close();
        Assert.True(Process.WaitForExit(s_limit), $"{Process.StartInfo.FileName}: still running after {s_limit}\n{Output}");
        Assert.True(_error.Wait(s_limit), $"{Process.StartInfo.FileName}: it has ended, a child of it holds its standard error");
        Assert.True(_reader.Join(s_limit), $"{Process.StartInfo.FileName}: it has ended, a child of it holds its standard output");
        return new Outcome(Process.ExitCode, Output, _error.GetAwaiter().GetResult());
    }

    /// <summary>Kills it.</summary>
    public void Kill()
    {
        _isEndExpected = true;
        Process.Kill();
        Process.WaitForExit();
    }

    /// <summary>Ends it where the test has not. One that failed without the test's asking fails the test, with its words.
    /// </summary>
    public void Dispose()
    {
        bool hasFailed = !_isEndExpected && Process.HasExited && Process.ExitCode != 0;
        if (!Process.HasExited)
        {
            Process.Kill(entireProcessTree: true);
            Process.WaitForExit();
        }

        Outcome? failed = hasFailed ? Finish() : null;
        Process.Dispose();
        Assert.True(failed is null, $"{failed}");
    }

    /// <summary>Whether its main thread sleeps.</summary>
    public bool IsAsleep
    {
        get
        {
            string stat = File.ReadAllText($"/proc/{Process.Id}/stat");
            return stat[stat.LastIndexOf(')')..].StartsWith(") S", StringComparison.Ordinal);
        }
    }

    private string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    private void ReadOutput()
    {
        while (Process.StandardOutput.ReadLine() is { } line)
        {
            lock (_output)
            {
                _output.Append(line).Append('\n');
            }

            _lines.Add(line);
        }

        _lines.CompleteAdding();
    }

    /// <summary>What it left.</summary>
    internal sealed record Outcome(int ExitCode, string Output, string Error)
    {
        /// <inheritdoc/>
        public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";

        /// <summary>Fails the test, with all words, unless it ended with 0.</summary>
        public Outcome ExpectSuccess() => ExpectExit(0);

        /// <summary>Fails the test, with all words, unless it ended with this code.</summary>
        public Outcome ExpectExit(int code)
        {
            Assert.True(ExitCode == code, $"expected exit code {code}, found {ExitCode}\n{Output}\n{Error}");
            return this;
        }
    }
}
