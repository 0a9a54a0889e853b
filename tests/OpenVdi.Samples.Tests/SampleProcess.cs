using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;

namespace OpenVdi.Samples.Tests;

/// <summary>A sample as a process of its own.</summary>
internal sealed class SampleProcess : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly string _name;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();
    private readonly BlockingCollection<string> _lines = [];

    private SampleProcess(string name, ProcessStartInfo start)
    {
        _name = name;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data, _lines);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data, null);
        Assert.True(_process.Start());
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Errors
    {
        get
        {
            lock (_errors)
            {
                return _errors.ToString();
            }
        }
    }

    public static SampleProcess Start(string name, string? traceFile, params string[] arguments)
    {
        ProcessStartInfo start = new(name == CppSample.Name ? CppSample.Path : Path.Combine(AppContext.BaseDirectory, name), arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["OPENVDI_TRACE"] = traceFile ?? string.Empty;
        return new SampleProcess(name, start);
    }

    /// <summary>Waits for a line of standard output.</summary>
    public void WaitForLine(string part)
    {
        while (true)
        {
            if (!_lines.TryTake(out string? line, s_limit))
            {
                throw new TimeoutException($"waited {s_limit} for '{part}' from {_name}; it said {_output} {Errors}");
            }

            if (line.Contains(part, StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    /// <summary>Waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public int WaitForExit()
    {
        if (!_process.WaitForExit(s_limit))
        {
            throw new TimeoutException($"waited {s_limit} for the end of {_name}; it said {_output} {Errors}");
        }

        // Without a limit it also waits for the last lines, which are there.
        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
        _lines.Dispose();
    }

    private static void Keep(StringBuilder text, string? line, BlockingCollection<string>? lines)
    {
        if (line is not null)
        {
            lock (text)
            {
                text.AppendLine(line);
            }

            lines?.Add(line);
        }
    }
}
