using System.CommandLine;
using System.Globalization;
using OpenVdi.Cli.Output;
using OpenVdi.SharedMemory;
using OpenVdi.Transport;
using Spectre.Console;

namespace OpenVdi.Cli.Commands;

/// <summary><c>vdi ps</c>.</summary>
internal static class PsCommand
{
    private static readonly Option<bool> s_sweep = new("--sweep")
    {
        Description = "Remove what crashed processes left behind; never what a living process holds.",
    };

    public static Command Create()
    {
        Verb verb = new("ps", "List the virtual device sets of this machine, and what crashes left behind.")
        {
            Examples =
            [
                ("vdi ps", "what runs now"),
                ("vdi ps --sweep", "remove what crashes left, and list the rest"),
            ],
            ExitCodes = [ExitCode.InterfaceFailed],
        };
        verb.Options.Add(s_sweep);
        verb.Options.Add(CommonOptions.Json);
        verb.Runs(Run);
        return verb;
    }

    private static Task<ExitCode> Run(VerbContext context)
    {
        VdiTransport transport = SharedMemoryTransport.Default;
        if (context.Arguments.GetValue(s_sweep))
        {
            foreach (string name in transport.Sweep())
            {
                context.Output.Result(new SweptReport(name), console => console.MarkupLineInterpolated($"[green]removed[/] {name}"));
            }
        }

        IReadOnlyList<SetStatus> sets = transport.ListSets();
        if (context.Output.IsJson)
        {
            foreach (SetStatus set in sets)
            {
                context.Output.Result(ToReport(set), static _ => { });
            }
        }
        else
        {
            Draw(context.Output, sets);
        }

        return Task.FromResult(ExitCode.Ok);
    }

    private static void Draw(Reporter output, IReadOnlyList<SetStatus> sets)
    {
        if (sets.Count == 0)
        {
            output.Note("no virtual device set on this machine");
            return;
        }

        Table table = new Table().Border(TableBorder.Simple).AddColumns("SET", "STATE");
        foreach (string title in new[] { "DEVICES", "PRIMARY", "SERVER", "OTHERS", "BYTES", "BUFFERS", "AGE" })
        {
            table.AddColumn(new TableColumn(title).RightAligned());
        }

        foreach (SetStatus set in sets)
        {
            table.AddRow(
                new Text(set.Name),
                set.IsRemnant ? new Markup("[red]remnant of a crash[/]") : new Text(set.State),
                new Text(set.IsRemnant ? "-" : $"{set.OpenDeviceCount}/{set.DeviceCount}"),
                new Text(ProcessId(set.PrimaryProcessId)),
                new Text(ProcessId(set.ServerProcessId)),
                new Text(set.SecondaryProcessIds.Count == 0 ? "-" : string.Join(",", set.SecondaryProcessIds)),
                new Text(ByteSize.Format(set.BytesTransferred)),
                new Text(ByteSize.Format(set.BufferAreaBytes)),
                new Text(Age(set.Age)));
        }

        if (sets.Any(static set => set.IsRemnant))
        {
            output.Note("HINT: vdi ps --sweep removes the remnants.");
        }

        Reporter.Draw(table);
    }

    private static SetReport ToReport(SetStatus set) => new()
    {
        Name = set.Name,
        State = set.State,
        IsRemnant = set.IsRemnant,
        Devices = set.DeviceCount,
        OpenDevices = set.OpenDeviceCount,
        PrimaryProcessId = set.PrimaryProcessId,
        ServerProcessId = set.ServerProcessId,
        SecondaryProcessIds = set.SecondaryProcessIds,
        Bytes = set.BytesTransferred,
        BufferBytes = set.BufferAreaBytes,
        AgeSeconds = set.Age.TotalSeconds,
    };

    private static string ProcessId(int processId) =>
        processId == 0 ? "-" : processId.ToString(CultureInfo.InvariantCulture);

    private static string Age(TimeSpan age) => age switch
    {
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalSeconds:0.0} s"),
        { TotalHours: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{age.TotalMinutes:0} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{age.TotalHours:0} h"),
    };
}
