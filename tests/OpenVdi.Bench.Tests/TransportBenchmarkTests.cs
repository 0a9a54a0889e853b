using System.Text.Json;

namespace OpenVdi.Bench.Tests;

/// <summary>Every contender and every part with tiny parameters, so that nothing rots. Asserts what arrived and that nothing
/// is allocated; never a speed.</summary>
public sealed class TransportBenchmarkTests
{
    private const int TargetsMissed = 1;

    [Theory]
    [InlineData("512,65536", "1")]
    [InlineData("4096", "3")]
    public void Throughput_OfEveryContender_ArrivesRightAndOursAllocateNothing(string bytes, string devices)
    {
        JsonElement report = Measure("--parts", "throughput", "--bytes", bytes, "--devices", devices);

        Assert.All(report.GetProperty("cells").EnumerateArray(), cell =>
        {
            JsonElement[] contenders = [.. cell.GetProperty("contenders").EnumerateArray()];
            // All but the one that must be asked for.
            Assert.Equal(
                BenchOptions.ContenderNames.Where(name => name != "libsqlvdi").Order(), contenders.Select(NameOf).Order());
            Assert.All(contenders, contender =>
            {
                Assert.True(contender.GetProperty("gigabytesPerSecond").GetProperty("median").GetDouble() > 0);
                // The base library's named pipes allocate now and then, on the runtime's own account.
                if (NameOf(contender) != "named-pipe")
                {
                    Assert.Equal(0, contender.GetProperty("serverBytesAllocatedPerCommand").GetDouble());
                    Assert.Equal(0, contender.GetProperty("clientBytesAllocatedPerCommand").GetDouble());
                }
            });
        });
    }

    [Fact]
    public void Throughput_ThroughTheLibrary_ArrivesRightAndIsJudged()
    {
        JsonElement report = Measure(
            "--parts", "throughput", "--bytes", "65536", "--devices", "2", "--contenders", "vdi,libsqlvdi");

        Assert.All(report.GetProperty("cells").EnumerateArray(), cell => Assert.Equal(
            ["vdi", "libsqlvdi"], cell.GetProperty("contenders").EnumerateArray().Select(NameOf)));
        Assert.Equal(2, report.GetProperty("verdicts").EnumerateArray()
            .Count(verdict => verdict.GetProperty("what").GetString()!.Contains("through libsqlvdi", StringComparison.Ordinal)));
    }

    [Fact]
    public void RoundTrips_OnOneCoreAndOnTwo_AreMeasured()
    {
        JsonElement report = Measure("--parts", "roundtrip");

        Assert.All(report.GetProperty("roundTrips").EnumerateArray(), trip => Assert.Equal(
            ["floor-futex", "floor-spin", "vdi"], trip.GetProperty("contenders").EnumerateArray().Select(NameOf).Order()));
    }

    [Fact]
    public void SetUpIdleAndWakeUps_OfVdi_AreMeasured()
    {
        JsonElement report = Measure("--parts", "setup,idle,wakeups", "--wakeups", "40");

        Assert.True(report.GetProperty("setUp").GetProperty("totalMilliseconds").GetProperty("median").GetDouble() > 0);
        Assert.True(report.GetProperty("idle").GetProperty("seconds").GetDouble() > 0);
        Assert.Equal(0, report.GetProperty("wakeUps").GetProperty("lost").GetInt32());
    }

    [Theory]
    [InlineData("--bytes", "1000")]
    [InlineData("--devices", "65")]
    [InlineData("--rounds", "-1")]
    [InlineData("--parts", "all")]
    [InlineData("--contenders", "fastest")]
    public void Options_ThatCannotBe_AreRefusedInWords(string option, string value)
    {
        (int exitCode, string output, string errors) = RunnerProcess.Run(option, value);

        Assert.Equal(2, exitCode);
        Assert.Empty(output);
        Assert.Contains("expected", errors, StringComparison.Ordinal);
    }

    private static JsonElement Measure(params string[] arguments)
    {
        (int exitCode, string output, string errors) = RunnerProcess.Run([.. arguments, "--quick", "--rounds", "2", "--json"]);
        Assert.True(exitCode is 0 or TargetsMissed, $"exit code {exitCode}: {errors}");
        return JsonDocument.Parse(output).RootElement;
    }

    private static string NameOf(JsonElement contender) => contender.GetProperty("name").GetString()!;
}
